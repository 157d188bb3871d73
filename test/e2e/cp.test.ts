import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { layerTar } from '../helpers/layer-tar.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const here = (name: string) => join(box.files, name)
const write = (name: string, text: string) => {
  writeFileSync(here(name), text)
  box.give(here(name))
}
const folder = (name: string) => {
  rmSync(here(name), { recursive: true, force: true })
  mkdirSync(here(name))
  box.give(here(name))
}

beforeAll(() => {
  write('file', 'content\n')
  for (const name of ['dir', 'dir/sub']) folder(name)
  write('dir/a', 'a')
  write('dir/sub/b', 'b')
  symlinkSync('sub', here('dir/link'))
  symlinkSync('file', here('to-file'))
  symlinkSync('dir', here('to-dir'))
})

/** Makes the container `box1`, that runs or does not. */
async function make(state: string, ...flags: string[]): Promise<void> {
  if (state === 'running')
    await box.ok(
      ...flags.filter((flag) => flag.startsWith('--storage')),
      'run',
      '-d',
      '--name',
      'box1',
      ...flags.filter((flag) => !flag.startsWith('--storage')),
      'busybox',
      'sleep',
      '1000',
    )
  else
    await box.ok(
      ...flags.filter((flag) => flag.startsWith('--storage')),
      'create',
      '--name',
      'box1',
      ...flags.filter((flag) => !flag.startsWith('--storage')),
      'busybox',
      'sleep',
      '1000',
    )
}

/** What the container has below a path, told by a tar of it. */
const seen = async (path: string) => {
  const child = box.start(['cp', `box1:${path}`, '-'])
  const { stdout, stderr, code } = await child.exited
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return execFileSync('tar', ['-tf', '-'], { input: Buffer.from(stdout, 'utf8'), encoding: 'utf8' })
    .trim()
    .split('\n')
    .sort()
}
const refusal = async (...args: string[]) => {
  const { code, stderr } = await box.lichen('cp', ...args)
  return [code, stderr.split('\n')[0]]
}

describe.each(['created', 'running'])('into a container that is %s', (state) => {
  it('a file: to a new name, over a file, into a directory, through links', async () => {
    await make(state)
    for (const target of ['/etc/new', '/etc/passwd', '/tmp', '/tmp/', '/home/.', 'var/relative']) expect(await box.ok('cp', 'file', `box1:${target}`)).toBe('')
    for (const path of ['/etc/new', '/etc/passwd', '/tmp/file', '/home/file', '/var/relative']) {
      await box.ok('cp', `box1:${path}`, 'back')
      expect(readFileSync(here('back'), 'utf8'), path).toBe('content\n')
    }
    symlinkSync('/var/behind', here('absolute'))
    await box.ok('cp', 'absolute', 'box1:/home/absolute')
    rmSync(here('absolute'))
    await box.ok('cp', 'file', 'box1:/home/absolute')
    expect(await seen('/var/behind')).toEqual(['behind'])
  })

  it('a directory: to a new name, into a directory, its content only', async () => {
    await make(state)
    await box.ok('cp', 'dir', 'box1:/new')
    await box.ok('cp', 'dir/.', 'box1:/other')
    await box.ok('cp', 'dir', 'box1:/tmp')
    await box.ok('cp', 'dir/.', 'box1:/home')
    expect(await seen('/new')).toEqual(['new/', 'new/a', 'new/link', 'new/sub/', 'new/sub/b'])
    expect(await seen('/other/.')).toEqual(['./', './a', './link', './sub/', './sub/b'])
    expect(await seen('/tmp')).toContain('tmp/dir/sub/b')
    expect(await seen('/home')).toEqual(['home/', 'home/a', 'home/link', 'home/sub/', 'home/sub/b'])
    // Again: what is there is merged and replaced.
    await box.ok('cp', 'dir/.', 'box1:/home')
  })

  it('links as links, or with -L what they lead to', async () => {
    await make(state)
    await box.ok('cp', 'to-file', 'box1:/tmp/l1')
    await box.ok('cp', '-L', 'to-file', 'box1:/tmp/l2')
    await box.ok('cp', 'to-dir', 'box1:/tmp/l3')
    await box.ok('cp', 'to-dir/', 'box1:/tmp/l4')
    await box.ok('cp', '-L', 'to-dir', 'box1:/tmp')
    expect(await seen('/tmp')).toEqual(
      [
        'tmp/',
        'tmp/l1',
        'tmp/l2',
        'tmp/l3',
        ...['l4', 'to-dir'].flatMap((name) => ['', 'a', 'link', 'sub/', 'sub/b'].map((path) => `tmp/${name}/${path}`)),
      ].sort(),
    )
    folder('out')
    await box.ok('cp', 'box1:/tmp/.', 'out')
    expect(['l1', 'l2', 'l3'].map((name) => lstatSync(here(`out/${name}`)).isSymbolicLink())).toEqual([true, false, true])
  })

  it("says what can't be, in Docker's words and with code 1", async () => {
    await make(state)
    expect(await refusal('file', 'box1:/nope/')).toEqual([1, 'Error: /nope: no such directory'])
    expect(await refusal('file', 'box1:/nope/x')).toEqual([1, 'Error: Could not find the file /nope in container box1'])
    expect(await refusal('file', 'box1:/etc/passwd/')).toEqual([1, 'Error: /etc/passwd: not a directory'])
    expect(await refusal('file/', 'box1:/tmp')).toEqual([1, `Error: ${here('file')}: not a directory`])
    expect(await refusal('dir', 'box1:/etc/passwd')).toEqual([1, `Error: cannot copy directory ${here('dir')} to file /etc/passwd`])
    expect(await refusal('nope', 'box1:/tmp')).toEqual([1, `Error: lstat ${here('nope')}: no such file or directory`])
    expect(await refusal('box1:/nope', 'x')).toEqual([1, 'Error: Could not find the file /nope in container box1'])
    expect(await refusal('box1:/etc/passwd', 'nope/x')).toEqual([1, `Error: invalid output path: directory "${here('nope')}" does not exist`])
    expect(await refusal('file', 'nobody:/')).toEqual([1, 'Error: No such container: nobody'])
    expect(await refusal('a', 'b')).toEqual([1, 'Error: must specify at least one container source'])
    await box.ok('cp', 'dir', 'box1:/tmp/sub')
    write('sub', 'a file')
    expect(await refusal('sub', 'box1:/tmp')).toEqual([1, 'Error: cannot overwrite directory "/tmp/sub" with non-directory'])
    rmSync(here('sub'))
    await box.ok('cp', 'file', 'box1:/home/dir')
    expect(await refusal('dir', 'box1:/home')).toEqual([1, 'Error: cannot overwrite non-directory "/home/dir" with directory'])
  })

  it("files are root's inside, and ours outside; with -a they keep their owners", async () => {
    await make(state)
    const tar = layerTar([
      { name: 'mine', content: 'x', uid: 1000, gid: 50, mode: 0o4750 },
      { name: 'd/', type: '5', uid: 7, gid: 8, mode: 0o700 },
    ])
    expect((await box.start(['cp', '-', 'box1:/tmp'], { input: tar }).exited).code).toBe(0)
    folder('plain')
    folder('kept')
    await box.ok('cp', 'box1:/tmp/.', 'plain')
    await box.ok('cp', '-a', 'box1:/tmp/.', 'kept')
    expect([statSync(here('plain/mine')).uid, statSync(here('plain/mine')).mode & 0o7777]).toEqual([box.user.uid, 0o750])
    expect(statSync(here('kept/mine')).uid).not.toBe(box.user.uid)
    expect(statSync(here('kept/mine')).mode & 0o7777).toBe(0o4750)
    await box.ok('cp', 'plain/mine', 'box1:/home/one')
    await box.ok('cp', '-a', 'kept/d', 'box1:/home')
    const out = await box.start(['cp', 'box1:/home', '-']).exited
    const lines = execFileSync('tar', ['--numeric-owner', '-tvf', '-'], { input: out.stdout, encoding: 'utf8' })
    expect(lines).toMatch(/0\/0 .* home\/one/)
    expect(lines).toMatch(/drwx------ 7\/8 .* home\/d\//)
  })

  it('volumes and bind mounts are seen, read-only ones are left alone', async () => {
    folder('bound')
    await make(state, '-v', `${here('bound')}:/bound`, '-v', 'vol:/vol', '-v', `${here('dir')}:/ro:ro`, '--read-only')
    await box.ok('cp', 'file', 'box1:/bound')
    await box.ok('cp', 'file', 'box1:/vol/v')
    expect(readFileSync(here('bound/file'), 'utf8')).toBe('content\n')
    expect(await box.ok('run', '--rm', '-v', 'vol:/x', 'busybox', 'cat', '/x/v')).toBe('content')
    expect(await refusal('file', 'box1:/ro')).toEqual([1, 'Error: mounted volume is marked read-only'])
    expect(await refusal('file', 'box1:/etc')).toEqual([1, 'Error: container rootfs is marked read-only'])
    expect(await seen('/ro/sub')).toEqual(['sub/', 'sub/b'])
  })

  it('between containers, and within one', async () => {
    await make(state)
    await box.ok('create', '--name', 'box2', 'busybox')
    await box.ok('cp', 'dir', 'box2:/d')
    await box.ok('cp', 'box2:/d', 'box1:/copied')
    await box.ok('cp', 'box1:/copied', 'box1:/again')
    await box.ok('cp', 'box1:/again/a', 'box2:/home')
    expect(await seen('/again')).toEqual(['again/', 'again/a', 'again/link', 'again/sub/', 'again/sub/b'])
    await box.ok('cp', 'box2:/home/a', 'a')
    expect(readFileSync(here('a'), 'utf8')).toBe('a')
  })

  it('holes stay holes, hard links hard links, and times are kept', async () => {
    await make(state)
    folder('special')
    execFileSync('truncate', ['-s', '10G', here('special/sparse')])
    execFileSync('sh', [
      '-c',
      'cd "$0" && printf end >> sparse && echo x > one && ln one two && touch -d "2001-02-03 04:05:06" one && chmod 0555 . && chmod 600 one',
      here('special'),
    ])
    execFileSync('chown', ['-R', `${box.user.uid}`, here('special')])
    await box.ok('cp', 'special', 'box1:/tmp')
    await box.ok('cp', 'box1:/tmp/special', 'special2')
    const [one, two, sparse] = ['one', 'two', 'sparse'].map((name) => statSync(here(`special2/${name}`)))
    expect([sparse!.size, sparse!.blocks < 10_000, one!.ino === two!.ino, one!.mtime.getFullYear(), statSync(here('special2')).mode & 0o777]).toEqual([
      10 * 1024 ** 3 + 3,
      true,
      true,
      2001,
      0o555,
    ])
    chmodSync(here('special'), 0o755)
    chmodSync(here('special2'), 0o755)
    rmSync(here('special2'), { recursive: true })
  })
})

it.each(['fuse-overlayfs', 'vfs'])('works under %s, stopped and running', async (driver) => {
  await make('created', `--storage-driver=${driver}`)
  for (let turn = 0; turn < 2; turn++) {
    await box.ok('cp', 'dir', `box1:/turn${turn}`)
    expect(await seen('/turn0')).toEqual(['turn0/', 'turn0/a', 'turn0/link', 'turn0/sub/', 'turn0/sub/b'])
    await box.ok('start', 'box1')
  }
  expect(await box.ok('exec', 'box1', 'cat', '/turn0/a', '/turn1/a')).toBe('aa')
})

it('the files of the kernel and the runtime are refused, a mounted file is written in place', async () => {
  await make('running')
  expect((await refusal('box1:/proc/version', 'x'))[1]).toBe(
    "Error: /proc/version can't be copied: it is not of the container but of the kernel or the runtime",
  )
  expect((await refusal('box1:/dev/null', 'x'))[0]).toBe(1)
  expect((await refusal('file', 'box1:/sys'))[0]).toBe(1)
  expect((await refusal('file', 'box1:/dev/new'))[0]).toBe(1)
  await box.ok('cp', 'file', 'box1:/etc/hosts')
  expect(await box.ok('exec', 'box1', 'cat', '/etc/hosts')).toBe('content')
  // All of it, without them.
  folder('all')
  await box.ok('cp', 'box1:/.', 'all')
  expect([readdirSync(here('all/proc')), readdirSync(here('all/dev')), existsSync(here('all/bin/busybox'))]).toEqual([[], [], true])
  rmSync(here('all'), { recursive: true })
})

it('the line at the end comes on a terminal, and where it is asked for', async () => {
  await make('created')
  expect((await box.lichen('cp', 'file', 'box1:/tmp')).stderr).toBe('')
  expect((await box.lichen('cp', '--quiet=false', 'file', 'box1:/tmp')).stderr).toBe('Successfully copied 2.05kB to box1:/tmp\n')
})

it('a disk that is full is said, and nothing half is left', async () => {
  await make('running', '--tmpfs', '/small:size=64k')
  execFileSync('dd', ['if=/dev/urandom', `of=${here('big')}`, 'bs=1k', 'count=300', 'status=none'])
  expect(await refusal('big', 'box1:/small')).toEqual([1, 'Error: write /small/big: no space left on device'])
  expect(await box.ok('exec', 'box1', 'ls', '/small')).toBe('')
})

it('a tar that is none is refused, as is one that does not go to a directory', async () => {
  await make('created')
  expect((await box.start(['cp', '-', 'box1:/tmp'], { input: 'no tar at all'.repeat(100) }).exited).code).toBe(1)
  const { code, stderr } = await box.start(['cp', '-', 'box1:/etc/passwd'], { input: layerTar([]) }).exited
  expect([code, stderr]).toEqual([1, 'Error: destination "box1:/etc/passwd" must be a directory\n'])
})

describe('no link leads out of the container', () => {
  it('neither one that stands there, nor one in a tar', async () => {
    write('canary', 'untouched')
    folder('links')
    symlinkSync(here('canary'), here('links/f'))
    symlinkSync(box.files, here('links/d'))
    await make('created')
    await box.ok('cp', 'links', 'box1:/links')
    expect((await refusal('-L', 'box1:/links/f', 'stolen'))[0]).toBe(1)
    expect((await refusal('box1:/links/d/canary', 'stolen'))[0]).toBe(1)
    expect((await refusal('dir', 'box1:/links/d/'))[0]).toBe(1)
    const tar = layerTar([
      { name: 'out', type: '2', link: box.files },
      { name: 'out/canary', content: 'written' },
    ])
    await box.start(['cp', '-', 'box1:/tmp'], { input: tar }).exited
    expect([readFileSync(here('canary'), 'utf8'), existsSync(here('stolen'))]).toEqual(['untouched', false])
  })

  it('a directory that was a link at the last copy does not lead to what it pointed to', async () => {
    write('canary', 'untouched')
    await make('running')
    folder('target')
    await box.ok('exec', 'box1', 'sh', '-c', `mkdir /t; ln -s ${box.files} /t/d`)
    await box.ok('cp', 'box1:/t/.', 'target')
    expect(readlinkSync(here('target/d'))).toBe(box.files)
    await box.ok('exec', 'box1', 'sh', '-c', 'rm /t/d; mkdir /t/d; echo written > /t/d/canary')
    expect(await refusal('box1:/t/.', 'target')).toEqual([1, `Error: cannot overwrite non-directory "${here('target/d')}" with directory`])
    expect(readFileSync(here('canary'), 'utf8')).toBe('untouched')
  })

  it('nor one that is exchanged for a directory all the time (CVE-2018-15664)', async () => {
    folder('secret')
    write('secret/canary', 'untouched')
    folder('swap')
    execFileSync('cc', ['-O1', '-o', here('exchange'), new URL('../fixtures/exchange.c', import.meta.url).pathname])
    await make('running', '-v', `${here('swap')}:/swap`)
    // In the container, the link leads to the container's own path of that name, where there is nothing.
    folder('swap/a')
    write('swap/a/canary', 'inside')
    symlinkSync(here('secret'), here('swap/b'))
    const exchanger = spawn(here('exchange'), [here('swap/a'), here('swap/b')], { stdio: 'ignore' })
    try {
      for (let turn = 0; turn < 25; turn++) {
        rmSync(here('got'), { force: true })
        await box.lichen('cp', 'box1:/swap/a/canary', 'got')
        if (existsSync(here('got'))) expect(['inside', 'content\n']).toContain(readFileSync(here('got'), 'utf8'))
        await box.lichen('cp', 'file', 'box1:/swap/a/canary')
        expect(readFileSync(here('secret/canary'), 'utf8')).toBe('untouched')
      }
    } finally {
      exchanger.kill('SIGKILL')
    }
  }, 120_000)
})
