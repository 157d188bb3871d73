import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import { startRegistry } from '../helpers/registry.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const context = join(box.files, 'context')
const out = join(box.files, 'out')

beforeEach(() => {
  for (const folder of [context, out]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    box.give(folder)
  }
})

function dockerfile(...lines: string[]): void {
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, context])
}

const build = (...flags: string[]) => box.start(['build', ...flags, context]).exited
const images = () => box.ok('images', '-aq', '--no-trunc')
const tar = (...words: string[]) => execFileSync('tar', words, { encoding: 'utf8' })
const skopeo = (place: string) => JSON.parse(execFileSync('skopeo', ['inspect', place], { encoding: 'utf8' }))

const FILES = [
  'FROM busybox AS build',
  'RUN mkdir -p /o/d && echo one > /o/one && ln -s one /o/link && chmod 750 /o/one',
  'FROM scratch AS files',
  'COPY --from=build /o /',
]

describe('--output', () => {
  test('local and tar give the files, and leave no image', async () => {
    dockerfile(...FILES)
    const before = await images()
    expect(await build('-q', '-o', join(out, 'a/b'), '-o', `type=tar,dest=${out}/t.tar`, '--iidfile', join(out, 'id'))).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(join(out, 'a/b/link'), 'utf8')).toBe('one\n')
    expect(lstatSync(join(out, 'a/b/one'))).toMatchObject({ uid: box.user.uid, mode: 0o100750 })
    expect(tar('-tf', join(out, 't.tar')).trim().split('\n').sort()).toEqual(['d/', 'link', 'one'])
    const { stdout, code } = await build('-o', '-')
    expect(code).toBe(0)
    expect(stdout).toContain('one\n')
    expect(await images()).toBe(before)
    expect(() => readFileSync(join(out, 'id'))).toThrow('ENOENT')
  })

  test('several at once: archives that others read, and the image', async () => {
    dockerfile(...FILES)
    const outputs = [`type=oci,dest=${out}/oci.tar`, `type=docker,dest=${out}/docker.tar,name=other:2`, `type=oci,tar=false,dest=${out}/layout`, 'type=image']
    const flags = ['-t', 'several', '--annotation', 'manifest:a.b=c', '--metadata-file', join(out, 'meta'), '--iidfile', join(out, 'id')]
    const { code, stderr } = await build(...flags, ...outputs.flatMap((output) => ['--output', output]))
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const id = readFileSync(join(out, 'id'), 'utf8')
    expect(await box.ok('image', 'inspect', '--format', '{{.Id}}', 'several')).toBe(id)
    const meta = JSON.parse(readFileSync(join(out, 'meta'), 'utf8'))
    expect(meta).toMatchObject({ 'containerimage.config.digest': id, 'image.name': 'docker.io/library/several:latest,docker.io/library/other:2' })
    for (const place of [`oci-archive:${out}/oci.tar`, `oci:${out}/layout:latest`]) expect(skopeo(place).Digest).toBe(meta['containerimage.digest'])
    expect(JSON.parse(tar('-xOf', join(out, 'docker.tar'), 'manifest.json'))[0].RepoTags).toEqual(['several:latest', 'other:2'])
    const manifest = execFileSync('skopeo', ['inspect', '--raw', `oci:${out}/layout:latest`], { encoding: 'utf8' })
    expect(JSON.parse(manifest).annotations).toEqual({ 'a.b': 'c' })
  })

  test('goes to a registry', async () => {
    const registry = await startRegistry()
    try {
      dockerfile(...FILES)
      const { code, stderr } = await build('-t', `${registry.host}/far:1`, '--push')
      expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(`pushed ${registry.host}/far:1@sha256:`) })
      execFileSync('skopeo', ['inspect', '--tls-verify=false', `docker://${registry.host}/far:1`])
    } finally {
      await registry.stop()
    }
  })

  test.each([
    ['type=nothing,dest=x', 'unknown output type "nothing"'],
    ['type=oci,dest=/proc/x', "/proc/x can't be written"],
    ['type=local,dest=/proc/x', "/proc/x can't be made"],
    ['type=registry', 'tag is needed when pushing to registry'],
  ])('%s is refused', async (output, message) => {
    dockerfile('FROM busybox')
    const before = await images()
    const { code, stderr } = await build('-o', output)
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
    expect(await images()).toBe(before)
  })
})

test('--squash makes one layer of what the build has made', async () => {
  dockerfile('FROM busybox', 'RUN echo 1 > /kept; echo 2 > /gone; chmod 4711 /kept', 'RUN rm /gone /bin/tac; mkdir -p /etc/new; ln /kept /linked')
  await box.ok('build', '-q', '--squash', '-t', 'squashed', context)
  const layers = JSON.parse(await box.ok('image', 'inspect', '--format', '{{json .RootFS.Layers}}', 'squashed'))
  expect(layers).toHaveLength(2)
  const script = 'ls /gone /bin/tac 2>&1; stat -c "%a %h" /kept; ls -d /etc/new'
  expect(await box.ok('run', '--rm', '--network', 'none', 'squashed', 'sh', '-c', `${script}; true`)).toBe(
    'ls: /gone: No such file or directory\nls: /bin/tac: No such file or directory\n4711 2\n/etc/new',
  )
  expect(await box.ok('history', '--format', '{{.Comment}}', 'squashed')).toContain('merge of 2 layers')
})

test('--no-cache-filter does one stage anew', async () => {
  dockerfile(
    'FROM busybox AS a',
    'RUN cat /proc/sys/kernel/random/uuid > /a',
    'FROM busybox AS b',
    'RUN cat /proc/sys/kernel/random/uuid > /b',
    'FROM scratch',
    'COPY --from=a /a /',
    'COPY --from=b /b /',
  )
  const ids = async (...flags: string[]) => {
    await box.ok('build', '-q', ...flags, '-o', out, context)
    return [readFileSync(join(out, 'a'), 'utf8'), readFileSync(join(out, 'b'), 'utf8')]
  }
  const [first, second] = [await ids(), await ids('--no-cache-filter', 'a')]
  expect(second[0]).not.toBe(first[0])
  expect(second[1]).toBe(first[1])
})

describe('--ssh', () => {
  test('shows a step the agent of the user, or one that has a key', async () => {
    const client = join(context, 'ask')
    execFileSync('cc', ['-static', '-O1', '-o', client, fileURLToPath(new URL('../fixtures/ask-agent.c', import.meta.url))])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(context, 'key')])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'closed', '-f', join(context, 'closed')])
    chmodSync(client, 0o755)
    dockerfile(
      'FROM busybox',
      'COPY ask /ask',
      'RUN --mount=type=ssh,required /ask',
      'USER 12',
      'RUN --mount=type=ssh,id=other,target=/run/o /ask; test -z "$(ls /key* 2>/dev/null)"',
    )
    const key = join(context, 'key')
    const { code, stderr } = await build('--no-cache', '--ssh', `default=${key}`, '--ssh', `other=${key}`)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr.match(/agent: 12 1/g)).toHaveLength(2)
    expect((await build('--no-cache')).stderr).toContain('unset ssh forward key default')
    expect((await build('--ssh', 'default')).stderr).toContain('make sure SSH_AUTH_SOCK is set')
    expect((await build('--ssh', `default=${join(context, 'closed')}`)).stderr).toContain("/closed can't be used as a key")
    // Of the agents nothing is left.
    expect(execFileSync('find', [box.run, '-name', 'ssh-*'], { encoding: 'utf8' })).toBe('')
  })
})
