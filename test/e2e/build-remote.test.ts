import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FileHost, startFileHost } from '../helpers/file-host.ts'
import { makeImage } from '../helpers/oci-image.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const context = join(box.files, 'context')
const served = join(box.files, 'served')
let host: FileHost

const git = (...words: string[]) =>
  execFileSync('git', ['-C', join(served, 'work'), '-c', 'user.name=n', '-c', 'user.email=e@host', ...words], { encoding: 'utf8' }).trim()

beforeAll(async () => {
  mkdirSync(join(served, 'work/sub'), { recursive: true })
  host = await startFileHost(served)
  git('init', '--quiet', '--initial-branch=main')
  const put = (name: string, text: string) => writeFileSync(join(served, 'work', name), text)
  put('Dockerfile', 'FROM busybox\nCOPY . /c\n')
  put('sub/f', 'one\n')
  git('add', '.')
  git('commit', '--quiet', '--message=one')
  git('tag', 'v1')
  put('sub/f', 'two\n')
  symlinkSync('/etc/passwd', join(served, 'work/evil'))
  git('add', '.')
  git('commit', '--quiet', '--message=two')
  execFileSync('git', ['clone', '--quiet', '--bare', join(served, 'work'), join(served, 'repo.git')])
})

afterAll(() => host.stop())

beforeEach(() => {
  rmSync(context, { recursive: true, force: true })
  mkdirSync(context)
  host.seen.length = 0
})

function dockerfile(...lines: string[]): void {
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, context])
}

function serve(name: string, content: string | Buffer, seconds = 981_173_106): void {
  const path = join(served, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  utimesSync(path, seconds, seconds)
}

const tarOf = (...flags: string[]) => execFileSync('tar', [...flags, '-C', join(served, 'work'), '-cf', '-', '--exclude=.git', '.'])
const built = (...words: string[]) => box.ok('build', '-q', ...words)
const inside = (image: string, script: string) => box.ok('run', '--rm', '--network', 'none', image, 'sh', '-c', script)
const fails = async (words: string[], input?: string | Buffer) => {
  const { code, stderr } = await box.start(['build', ...words], input === undefined ? {} : { input }).exited
  expect(code).toBe(1)
  return stderr
}

describe('ADD of an address', () => {
  test('takes the file as it is, and asks whether it still is', async () => {
    serve('a.txt', 'content\n')
    serve('t.tgz', tarOf('-z'))
    const asked = host.address.replace('//', '//user:hush@')
    dockerfile('FROM busybox', `ADD ${asked}/a.txt?x=y ${host.address}/t.tgz /d/`, `ADD --chmod=755 --chown=3:4 ${host.address}/a.txt /one`)
    const { code, stderr } = await box.start(['build', '-t', 'web', context]).exited
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).not.toContain('hush')
    expect(await box.ok('history', '--no-trunc', 'web')).not.toContain('hush')
    expect(host.seen[0]!.headers.authorization).toBe(`Basic ${Buffer.from('user:hush').toString('base64')}`)
    expect(await inside('web', 'cd /d; stat -c "%n %a %u %Y" a.txt /one; ls; cat a.txt')).toBe(
      'a.txt 600 0 981173106\n/one 755 3 981173106\na.txt\nt.tgz\ncontent',
    )
    const first = await built(context)
    expect(host.seen.at(-1)!.headers['if-none-match']).toBeDefined()
    serve('a.txt', 'changed\n')
    serve('a.txt', 'changed\n', 981_173_107)
    const second = await built(context)
    expect(second).not.toBe(first)
    expect(await inside(second, 'cat /one')).toBe('changed')
  })

  test('with --checksum it is asked for once, and must be what was said', async () => {
    serve('sum', 'sum\n')
    const digest = createHash('sha256').update('sum\n').digest('hex')
    dockerfile('FROM busybox', `ADD --checksum=sha256:${digest} ${host.address}/sum /s`)
    await built(context)
    host.seen.length = 0
    await built(context)
    expect(host.seen).toEqual([])
    dockerfile('FROM busybox', `ADD --checksum=sha256:${'0'.repeat(64)} ${host.address}/sum /s`)
    expect(await fails([context])).toContain(`digest mismatch sha256:${digest}: sha256:${'0'.repeat(64)}`)
    dockerfile('FROM busybox', `ADD ${host.address}/nothing /s`)
    expect(await fails([context])).toContain("/nothing can't be downloaded: the server answers 404")
  })

  test('of a repository takes what is asked of it', async () => {
    dockerfile(
      'FROM busybox',
      `ADD ${host.address}/repo.git#v1:sub /tag/`,
      `ADD --keep-git-dir=true ${host.address}/repo.git /all/`,
      `ADD --checksum=${git('rev-parse', 'main')} ${host.address}/repo.git#main /plain`,
    )
    const image = await built(context)
    expect(await inside(image, 'cat /tag/f /all/sub/f; cat /all/.git/HEAD; ls -A /plain; stat -c %a /all /plain/sub/f')).toBe(
      `one\ntwo\n${git('rev-parse', 'main')}\nDockerfile\nevil\nsub\n755\n644`,
    )
    host.seen.length = 0
    expect(await built(context)).toBe(image)
    // What it is now is asked, and no more.
    expect(host.seen.filter(({ method }) => method === 'POST')).toHaveLength(3)
    dockerfile('FROM busybox', `ADD ${host.address}/repo.git#gone /x`)
    expect(await fails([context])).toContain('repository does not contain ref gone')
  })
})

describe('a context', () => {
  test.each([['plain'], ['gzip', '-z'], ['zstd', '--zstd']])('on standard input as a tar: %s', async (_, ...flags) => {
    const { code, stdout, stderr } = await box.start(['build', '-q', '-'], { input: tarOf(...flags) }).exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await inside(stdout.trim(), 'cat /c/sub/f; readlink /c/evil')).toBe('two\n/etc/passwd')
  })

  test('comes out the same whatever the umask is', async () => {
    box.around = (argv) => ['sh', '-c', 'umask 077; exec "$@"', 'sh', ...argv]
    try {
      const { stdout } = await box.start(['build', '-q', '-'], { input: tarOf() }).exited
      const far = await built(`${host.address}/repo.git`)
      for (const image of [stdout.trim(), far]) expect(await inside(image, 'stat -c %a / /c /c/sub /c/sub/f')).toBe('755\n755\n755\n644')
    } finally {
      box.around = (argv) => argv
    }
  })

  test('that is cut short makes no image', async () => {
    const tar = tarOf('-z')
    const before = await box.ok('images', '-aq')
    expect(await fails(['-'], tar.subarray(0, tar.length - 20))).toContain("the build context from standard input can't be unpacked")
    expect(await fails(['-'], tarOf().subarray(0, 1100))).toContain('it is cut short')
    expect(await box.ok('images', '-aq')).toBe(before)
    expect(readdirSync(join(box.data, 'build/scratch'))).toEqual([])
  })

  test('with the Dockerfile on standard input, and one with neither', async () => {
    cpSync(join(served, 'work/sub'), context, { recursive: true })
    dockerfile('FROM nothing')
    const { code, stdout } = await box.start(['build', '-q', '-f', '-', context], { input: 'FROM busybox\nCOPY f /g\n' }).exited
    expect(code).toBe(0)
    expect(await inside(stdout.trim(), 'cat /g')).toBe('two')
    expect(await fails(['-f', '-', '-'], 'FROM busybox\n')).toContain("can't use stdin for both build context and dockerfile")
    expect(await fails(['-f', 'x', '-'], 'FROM busybox\n')).toContain('ambiguous Dockerfile source')
    expect(await fails(['-'], 'FROM busybox\nCOPY x /\n')).toContain('"x" not found in the build context')
  })

  test('that is a repository, an archive or a Dockerfile at an address', async () => {
    expect(await inside(await built(`${host.address}/repo.git#v1`), 'cat /c/sub/f; ls -A /c')).toBe('one\nDockerfile\nsub')
    serve('context.tgz', tarOf('-z'))
    expect(await inside(await built(`${host.address}/context.tgz`), 'cat /c/sub/f')).toBe('two')
    serve('Dockerfile', 'FROM busybox\nLABEL from=far\n')
    const image = await built(`${host.address}/Dockerfile`)
    expect(JSON.parse(await box.ok('image', 'inspect', image))[0].Config.Labels).toEqual({ from: 'far' })
    // A link of theirs shows nothing of ours.
    const stderr = await fails(['-f', 'evil', `${host.address}/repo.git`])
    expect(stderr).toContain('failed to read dockerfile: open evil: no such file or directory')
    expect(stderr).not.toContain('root:')
    expect(await fails([`${host.address}/repo.git#main:sub`])).toContain('failed to read dockerfile: open Dockerfile')
  })

  test('by name comes before stages and images', async () => {
    mkdirSync(join(context, 'other'))
    writeFileSync(join(context, 'other/o'), 'other\n')
    dockerfile('FROM alpine AS base', 'RUN false', 'FROM base', 'COPY --from=files o /o', 'COPY --from=repo sub/f /f', 'COPY --from=far/image:1 /bin/sh /sh')
    const named = [`base=docker-image://busybox`, `files=${join(context, 'other')}`, `repo=${host.address}/repo.git#v1`, 'far/image:1=docker-image://busybox']
    const image = await built(...named.flatMap((name) => ['--build-context', name]), context)
    expect(await inside(image, 'cat /o /f; test -s /sh && echo sh')).toBe('other\none\nsh')
    dockerfile('FROM root')
    const whole = await built('--build-context', `root=${join(context, 'other')}`, context)
    expect(await inside(await buildOn(whole), 'cat /w/o')).toBe('other')
    expect(await fails(['--build-context', 'x', context])).toContain('invalid context value: x, expected key=value')
  })

  async function buildOn(image: string): Promise<string> {
    dockerfile('FROM busybox', `COPY --from=${image} / /w/`)
    return built(context)
  }
})

test("nothing of the user's git configuration is carried out", async () => {
  const home = join(box.files, 'home')
  mkdirSync(home)
  const canary = join(home, 'canary')
  writeFileSync(join(home, '.gitconfig'), `[core]\n\thooksPath = ${home}/hooks\n[credential]\n\thelper = "!touch ${canary}; true"\n`)
  mkdirSync(join(home, 'hooks'))
  writeFileSync(join(home, 'hooks/post-checkout'), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 })
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, home])
  const { code } = await box.start(['build', '-q', `${host.address}/repo.git`], { env: { GIT_CONFIG_GLOBAL: join(home, '.gitconfig') } }).exited
  expect(code).toBe(0)
  expect(existsSync(canary)).toBe(false)
  expect(readFileSync(join(home, '.gitconfig'), 'utf8')).toContain('canary')
})

test('submodules come with a repository, and theirs with them, from whatever server', async () => {
  // What is not called NAME.git is but handed out as files, without git's own protocol, and so without shallow clones.
  const bare = (name: string) => (name === 'inner' ? 'plain' : `${name}.git`)
  const repository = (name: string, ...parts: [path: string, of: string][]) => {
    const work = join(served, `modules/${name}`)
    const here = (...words: string[]) =>
      execFileSync('git', ['-C', work, '-c', 'user.name=n', '-c', 'user.email=e@host', '-c', 'protocol.file.allow=always', ...words], { encoding: 'utf8' })
    mkdirSync(work, { recursive: true })
    here('init', '--quiet', '--initial-branch=main')
    writeFileSync(join(work, 'name'), `${name}\n`)
    for (const [path, of] of parts) {
      here('submodule', '--quiet', 'add', join(served, 'modules', bare(of)), path)
      here('config', '-f', '.gitmodules', `submodule.${path}.url`, `../${bare(of)}`)
    }
    writeFileSync(join(work, 'Dockerfile'), 'FROM busybox\nCOPY . /c\n')
    here('add', '.')
    here('commit', '--quiet', '--message=one')
    execFileSync('git', ['clone', '--quiet', '--bare', work, join(served, 'modules', bare(name))])
    here('-C', join(served, 'modules', bare(name)), 'update-server-info')
  }
  repository('inner')
  repository('middle', ['deep/inner', 'inner'])
  repository('outer', ['middle', 'middle'])
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, join(served, 'modules')])
  const address = `${host.address}/modules/outer.git`
  await built('-t', 'modules', address)
  expect(await inside('modules', 'cat /c/name /c/middle/name /c/middle/deep/inner/name')).toBe('outer\nmiddle\ninner')
  dockerfile('FROM busybox', `ADD ${address} /a`)
  await built('-t', 'modules', context)
  expect(await inside('modules', 'cat /a/middle/deep/inner/name')).toBe('inner')
})

test('an image of a layout is named by tag or digest', async () => {
  const folder = join(box.files, 'layout')
  const one = await makeImage(folder, { layers: [{ which: 'one\n' }], tag: 'one' })
  const index = readFileSync(join(folder, 'index.json'), 'utf8')
  const two = await makeImage(folder, { layers: [{ which: 'two\n' }], tag: 'two' })
  writeFileSync(
    join(folder, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [...JSON.parse(index).manifests, ...JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests],
    }),
  )
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, folder])
  dockerfile('FROM busybox', 'COPY --from=other /which /which')
  for (const [place, content] of [
    [`${folder}:one`, 'one'],
    [`${folder}:two`, 'two'],
    [`${folder}@${one.manifestDigest}`, 'one'],
    [`${folder}@${two.manifestDigest}`, 'two'],
  ]) {
    await built('-t', 'laid-out', '--build-context', `other=oci-layout://${place}`, context)
    expect(await inside('laid-out', 'cat /which'), place).toBe(content)
  }
  expect(await fails(['--build-context', `other=oci-layout://${folder}@sha256:${'0'.repeat(64)}`, context])).toContain('it has no image called')
  expect(await fails(['--build-context', `other=oci-layout://${folder}@one`, context])).toContain('is no digest')
})
