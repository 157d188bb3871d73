import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { hostileImage } from '../helpers/hostile-image.ts'
import { Running } from '../helpers/process.ts'
import { useSandbox } from '../helpers/sandbox.ts'
import { asUser } from '../helpers/user.ts'

const box = useSandbox()
const victim = join(box.files, 'victim')
const shell = (flags: string[], image: string, script: string) => box.lichen('run', '--rm', '--network', 'none', ...flags, image, 'sh', '-c', script)

beforeAll(() => {
  mkdirSync(victim)
  writeFileSync(join(victim, 'canary'), 'untouched')
  for (const path of [victim, join(victim, 'canary')]) box.give(path)
})

/** What a link of an image that points at it would have changed. */
function expectVictimUntouched(): void {
  expect(readdirSync(victim)).toEqual(['canary'])
  expect(readFileSync(join(victim, 'canary'), 'utf8')).toBe('untouched')
}

describe('mount targets of an image lead nowhere else', () => {
  it('/dev a link to a folder of the host: devices are the real ones, and inside', async () => {
    for (const [name, text] of [
      ['dev-link', victim],
      ['dev-up', `../../../../../../../..${victim}`],
    ] as const) {
      await hostileImage(box, name, (root) => symlinkSync(text, join(root, 'dev')))
      const { code, stdout } = await shell(
        ['-t'],
        name,
        'stat -c "%t:%T" /dev/null /dev/zero /proc/keys; stat -c %t /dev/console; echo x > /dev/null && echo ok',
      )
      expect({ code, stdout }).toEqual({ code: 0, stdout: '1:3\r\n1:5\r\n1:3\r\n88\r\nok\r\n' })
      expectVictimUntouched()
    }
  })

  it("/dev/null and /dev/console links of the image: what masks /proc is the host's null device, the console a pty", async () => {
    await hostileImage(box, 'null-link', (root) => {
      mkdirSync(join(root, 'dev'))
      symlinkSync('/proc/sys/kernel/core_pattern', join(root, 'dev/null'))
      symlinkSync(join(victim, 'canary'), join(root, 'dev/console'))
    })
    const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
    const { stdout } = await shell(
      ['-t'],
      'null-link',
      'stat -c "%t:%T" /dev/null /proc/keys /proc/timer_list; stat -c %t /dev/console; echo bad > /dev/console; echo bad > /proc/keys',
    )
    expect(stdout).toMatch(/^1:3\r\n1:3\r\n1:3\r\n88\r\n/)
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before)
    expectVictimUntouched()
  })

  it.each(['proc', 'sys'])('/%s a link: refused, since masks could be turned away', async (name) => {
    await hostileImage(box, `${name}-link`, (root) => symlinkSync(victim, join(root, name)))
    const { code, stderr } = await shell([], `${name}-link`, 'true')
    expect([code, stderr]).toEqual([125, expect.stringContaining(`/${name}`)])
    expect(stderr).toContain('symbolic link')
    expectVictimUntouched()
  })

  it('/etc a link: the files that are mounted there are mounted inside', async () => {
    await hostileImage(box, 'etc-link', (root) => {
      rmSync(join(root, 'etc'), { recursive: true })
      symlinkSync(victim, join(root, 'etc'))
    })
    const { code, stdout } = await shell(['-h', 'bark'], 'etc-link', `cat /etc/hostname; ls ${victim}`)
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'bark\nhostname\nhosts\nmtab\nresolv.conf\n' })
    expectVictimUntouched()
  })

  it('volumes and working directories below links of the image are made inside', async () => {
    await hostileImage(box, 'data-link', (root) => {
      symlinkSync(victim, join(root, 'data'))
      symlinkSync('loop', join(root, 'loop'))
    })
    const { code, stdout } = await shell(['-v', 'inside:/data/volume', '-w', '/data/work'], 'data-link', `pwd; touch /data/volume/x; ls ${victim}`)
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${victim}/work\nvolume\nwork\n` })
    expect((await shell(['-v', 'inside:/loop/volume'], 'data-link', 'true')).code).toBe(125)
    expectVictimUntouched()
  })

  it('a volume in which names are exchanged all the time never shows the host', async () => {
    const [volume, exchange] = [join(box.files, 'shared'), join(box.files, 'exchange')]
    mkdirSync(join(volume, 'a/x'), { recursive: true })
    symlinkSync(`../../../../../../..${victim}`, join(volume, 'b'))
    for (const path of [volume, join(volume, 'a'), join(volume, 'a/x')]) box.give(path)
    execFileSync('cc', ['-O1', '-o', exchange, new URL('../fixtures/exchange.c', import.meta.url).pathname])
    const exchanger = spawn(exchange, [join(volume, 'a'), join(volume, 'b')], { stdio: 'inherit' })
    try {
      let started = 0
      const attempt = async () => {
        const flags = ['-v', `${volume}:/v`, '--tmpfs', '/v/a/x', '-v', `${volume}:/v/a/y`, '-w', '/v/a/z']
        const { code, stdout, stderr } = await shell(
          flags,
          'busybox',
          `cat /v/a/canary /v/b/canary /v/a/x/canary canary ${victim}/canary 2>/dev/null; ls /v/a/x 2>/dev/null; true`,
        )
        // A race that is lost may be an error; it may not be the host.
        if (code === 0) started++
        else expect(stderr).toMatch(/^Error: /)
        expect(stdout).not.toContain('untouched')
      }
      for (let round = 0; round < 15; round++) await Promise.all(Array.from({ length: 4 }, attempt))
      expect(started, 'containers that started').toBeGreaterThan(0)
    } finally {
      exchanger.kill('SIGKILL')
    }
    expectVictimUntouched()
  }, 300_000)
})

describe('/etc/passwd and /etc/group of an image', () => {
  it.each<[string, (etc: string) => void]>([
    ['a fifo', (etc) => execFileSync('mkfifo', [join(etc, 'passwd')])],
    ['a directory', (etc) => mkdirSync(join(etc, 'passwd'))],
    ['a link out of the container', (etc) => symlinkSync(`../../../../../../..${victim}/canary`, join(etc, 'passwd'))],
    ['a link to a device', (etc) => symlinkSync('/dev/zero', join(etc, 'passwd'))],
  ])('passwd %s: a quick error', async (what, spoil) => {
    const name = what.replaceAll(' ', '-')
    await hostileImage(box, name, (root) => {
      rmSync(join(root, 'etc/passwd'))
      spoil(join(root, 'etc'))
    })
    const start = performance.now()
    expect((await shell(['-u', 'alice'], name, 'id')).code).toBe(125)
    expect(performance.now() - start, 'milliseconds').toBeLessThan(15_000)
    expectVictimUntouched()
  })

  it('a group of 1 GiB: a quick error', async () => {
    await hostileImage(box, 'huge-group', (root) => truncateSync(join(root, 'etc/group'), 1 << 30))
    expect(await shell(['-u', 'alice'], 'huge-group', 'id')).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('/etc/group of the container is larger than 16 MiB'),
    })
  })
})

describe('what a program is given', () => {
  it('has no descriptor but its own three, and no directory of the host to work in', async () => {
    expect((await shell([], 'busybox', 'ls /proc/self/fd')).stdout).toBe('0\n1\n2\n3\n')
    const line = `exec 9</etc; exec "$@" run --rm --network none -w /proc/self/fd/9 busybox ls`
    const { code, stderr } = await new Running(['sh', '-c', line, 'sh', ...box.argv([])], { env: box.env, cwd: box.files }).exited
    expect([code, stderr]).toEqual([126, expect.stringContaining('/proc/self/fd/9')])
  })

  it('has nothing inheritable, in run and in exec', async () => {
    await box.ok('run', '-d', '--name', 'caps', '--network', 'none', 'busybox', 'sleep', '1000')
    for (const words of [
      ['run', '--rm', '--network', 'none', 'busybox'],
      ['exec', 'caps'],
      ['exec', '-u', 'alice', 'caps'],
    ]) {
      const status = await box.ok(...words, 'grep', '-E', 'CapInh|CapAmb', '/proc/self/status')
      expect(status.match(/[0-9a-f]{16}/g)).toEqual(['0000000000000000', '0000000000000000'])
    }
  })

  it('is the user that was named: a number is an id, and in range', async () => {
    expect((await shell(['-u', '1000'], 'busybox', 'id -u')).stdout).toBe('1000\n')
    for (const id of ['4294967296', '4294967295', '-1']) expect((await shell([`--user=${id}`], 'busybox', 'id -u')).code).toBeGreaterThanOrEqual(125)
  })

  it('is no terminal of the host without -t', async () => {
    const terminal = box.terminal(['run', '--rm', '-i', '--network', 'none', 'busybox', 'sh', '-c', 'tty; cat < /dev/tty; cut -d" " -f7 /proc/self/stat'])
    const { stdout } = await terminal.exited
    expect(stdout).toMatch(/not a tty\r?\n/)
    expect(stdout).toMatch(/\/dev\/tty: No such device or address/)
    expect(stdout).toMatch(/^0\r$/m)
  })

  it.each(['/proc', '/proc/self/attr/exec', '/proc/sys', '/sys'])('can not have something of ours at %s', async (target) => {
    const { code } = await shell(['-v', `${victim}:${target}`], 'busybox', 'true')
    if (target !== '/sys') expect(code).toBe(125)
    expectVictimUntouched()
  })

  it('can not be our own executable', async () => {
    const runtime = join(dirname(box.command), 'libexec/lichen/lichen-runtime')
    const hash = () => createHash('sha256').update(readFileSync(runtime)).digest('hex')
    await hostileImage(box, 'own-exe', (root) => {
      writeFileSync(join(root, 'bin/trap'), '#!/proc/self/exe\n', { mode: 0o755 })
      writeFileSync(join(root, 'bin/overwrite'), '#!/bin/sh\nfor i in /proc/[0-9]*/exe; do echo broken > $i; done 2>/dev/null\nexit 0\n', { mode: 0o755 })
    })
    const before = hash()
    await box.ok('run', '-d', '--name', 'trap', '--init', '--network', 'none', 'own-exe', 'sh', '-c', 'while :; do overwrite; done')
    for (let i = 0; i < 3; i++) expect((await box.lichen('exec', 'trap', 'trap')).code).not.toBe(0)
    expect(hash()).toBe(before)
  })

  it("is no file of ours, be they all the user's own to write (CVE-2019-5736)", async () => {
    // As unpacked into a home: what the user may overwrite, a container must not.
    const home = join(box.files, 'home')
    cpSync(dirname(box.command), join(home, 'dist'), { recursive: true })
    execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, home])
    const files = readdirSync(join(home, 'dist'), { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
    )
    const hash = () => files.map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
    const before = hash()
    await hostileImage(box, 'own-files', (root) => {
      writeFileSync(join(root, 'bin/trap'), '#!/proc/self/exe\n', { mode: 0o755 })
      // Held open for reading first, then opened anew for writing, as the exploits do.
      const overwrite =
        'for pid in /proc/[0-9]*; do (exec 3< $pid/exe && echo broken > /proc/self/fd/3) 2>/dev/null; (echo broken > $pid/exe) 2>/dev/null; done'
      writeFileSync(join(root, 'bin/overwrite'), `#!/bin/sh\n${overwrite}\nexit 0\n`, { mode: 0o755 })
    })
    const own = (...args: string[]) =>
      new Running(asUser(box.user, [join(home, 'dist/lichen'), '--root', box.data, ...args]), { env: box.env, cwd: box.files }).exited
    const loop = ['own-files', 'sh', '-c', 'touch /ready; while :; do overwrite; done']
    expect(await own('run', '-d', '--name', 'trap', '--init', '--network', 'none', ...loop)).toMatchObject({ code: 0, stderr: '' })
    // The one process of ours that a container can look at is a sealed copy.
    expect((await own('exec', 'trap', 'readlink', '/proc/1/exe')).stdout).toBe('/memfd:lichen-runtime (deleted)\n')
    expect((await own('exec', 'trap', 'sh', '-c', 'echo broken > /proc/1/exe')).code).not.toBe(0)
    for (let i = 0; i < 5; i++) expect((await own('exec', 'trap', 'trap')).code).not.toBe(0)
    // Nor has what exec starts a way to us: its environment, descriptors and working directory are the container's.
    const look = 'tr "\\0" "\\n" < /proc/$$/environ | grep -i lichen; ls /proc/$$/fd; readlink /proc/$$/cwd; readlink /proc/$$/exe; exit 0'
    expect((await own('exec', 'trap', 'sh', '-c', look)).stdout).toBe('0\n1\n2\n/\n/bin/busybox\n')
    expect(hash()).toEqual(before)
    await box.ok('rm', '-f', 'trap')
    rmSync(home, { recursive: true })
  })
})
