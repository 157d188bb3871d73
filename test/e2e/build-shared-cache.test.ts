import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Registry, startRegistry } from '../helpers/registry.ts'
import { useSandbox } from '../helpers/sandbox.ts'

/** Two stores that know nothing of each other, but have the same base image. */
const one = useSandbox()
const other = useSandbox()
const context = join(one.files, 'context')
const shared = join(one.files, 'shared')
let registry: Registry

beforeAll(async () => {
  registry = await startRegistry()
  const archive = join(one.files, 'base.tar')
  await one.ok('save', '-o', archive, 'busybox')
  await other.ok('rmi', '-f', 'busybox')
  await other.ok('load', '-q', '-i', archive)
}, 60_000)

afterAll(() => registry.stop())

beforeEach(async () => {
  for (const folder of [context, shared]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(context)
  await forget()
})

/** All that the second store has of earlier builds. */
async function forget(): Promise<void> {
  await other.lichen('rmi', '-f', 'result')
  await other.ok('image', 'prune', '-f')
  await other.ok('builder', 'prune', '-af')
  expect(await other.ok('image', 'ls', '--format', '{{.Repository}}')).toBe('busybox')
}

function dockerfile(...lines: string[]): void {
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  execFileSync('chown', ['-R', `${one.user.uid}:${one.user.gid}`, context])
}

const STAGES = (last: string) => [
  'FROM busybox AS tools',
  'WORKDIR /made',
  'RUN cat /proc/sys/kernel/random/uuid > tool',
  'FROM busybox',
  'RUN cat /proc/sys/kernel/random/uuid > /own',
  'COPY --from=tools /made /made',
  'WORKDIR /made',
  last,
]

async function build(box: typeof one, ...flags: string[]) {
  const result = await box.start(['build', '--progress', 'plain', '-t', 'result', ...flags, context]).exited
  expect({ code: result.code, stderr: result.code === 0 ? '' : result.stderr }).toEqual({ code: 0, stderr: '' })
  const steps = [...result.stderr.matchAll(/^#(\d+) \[.*\d+\/\d+\] (\w+)/gm)].map(([, number, name]) => {
    const [, end] = new RegExp(`^#${number} (CACHED|DONE|CANCELED|ERROR)`, 'm').exec(result.stderr) ?? []
    return `${name} ${end}`
  })
  const id = await box.ok('image', 'inspect', '--format', '{{.Id}}', 'result')
  return { id, stderr: result.stderr, ran: steps.filter((step) => !step.startsWith('FROM') && !step.endsWith('CACHED')) }
}

const places = (name: string): [what: string, to: string, from: string][] => [
  ['an OCI layout', `type=local,dest=${shared}`, `type=local,src=${shared}`],
  ['a registry', `type=registry,ref=${registry.host}/cache/${name}:1`, `type=registry,ref=${registry.host}/cache/${name}:1`],
]

test.each(['max', 'min'])('mode=%s: another store does no step again, and comes to the same image', async (mode) => {
  for (const [what, to, from] of places(mode)) {
    dockerfile(...STAGES(`RUN echo ${what} > last`))
    const made = await build(one, '--cache-to', `${to},mode=${mode}`)
    await forget()
    const again = await build(other, '--cache-from', from)
    expect(again.ran, what).toEqual([])
    expect(again.id, what).toBe(made.id)
    expect(await other.ok('run', '--rm', '--network', 'none', 'result', 'cat', '/made/last', '/own', '/made/tool')).toBe(
      await one.ok('run', '--rm', '--network', 'none', 'result', 'cat', '/made/last', '/own', '/made/tool'),
    )
  }
})

test('layers are fetched for who needs their files, and no others', async () => {
  dockerfile(...STAGES('RUN echo 1 > last'))
  await build(one, '--cache-to', `type=local,dest=${shared},mode=max`)
  const { stderr } = await build(other, '--cache-from', `type=local,src=${shared}`)
  // Of the stage "tools" nobody needs the files: what was copied from it is there.
  expect([...stderr.matchAll(/fetching sha256:/g)]).toHaveLength(3)
})

test('mode=min: a stage whose files are needed after all is built', async () => {
  dockerfile(...STAGES('RUN echo 1 > last'))
  await build(one, '--cache-to', `type=local,dest=${shared}`)
  dockerfile(...STAGES('COPY --from=tools /made/tool /again'))
  const { ran, stderr } = await build(other, '--cache-from', `type=local,src=${shared}`)
  expect(stderr).toContain('begun anew without it')
  expect(ran).toContain('RUN DONE')
  const [first, second] = (await other.ok('run', '--rm', '--network', 'none', 'result', 'cat', '/made/tool', '/again')).split('\n')
  expect(second).toBe(first)
})

test('a blob that is gone, or damaged, costs time and nothing else', async () => {
  dockerfile('FROM busybox', 'RUN echo hello > /a', 'RUN cp /a /b')
  await build(one, '--cache-to', `type=local,dest=${shared}`)
  const manifest = JSON.parse(execFileSync('skopeo', ['inspect', '--raw', `oci:${shared}:latest`], { encoding: 'utf8' }))
  const blob = (at: number) => join(shared, 'blobs/sha256', manifest.layers[at].digest.slice('sha256:'.length))
  writeFileSync(blob(0), 'x'.repeat(readFileSync(blob(0)).length))
  const { ran, stderr } = await build(other, '--cache-from', `type=local,src=${shared}`)
  expect(stderr).toContain('begun anew without it')
  expect(ran).toContain('RUN DONE')
  expect(await other.ok('run', '--rm', '--network', 'none', 'result', 'cat', '/b')).toBe('hello')
})

test('type=inline: the image is the cache, in its registry or here', async () => {
  dockerfile('FROM busybox', 'RUN cat /proc/sys/kernel/random/uuid > /a', 'RUN cp /a /b')
  const image = `${registry.host}/inline:1`
  const made = await build(one, '--cache-to', 'type=inline', '--output', `type=image,name=${image}`)
  await one.ok('push', '-q', image)
  const again = await build(other, '--cache-from', image, '--build-arg', 'BUILDKIT_INLINE_CACHE=1')
  expect(again).toMatchObject({ id: made.id, ran: [] })
  await one.ok('tag', image, 'only-here')
  await one.ok('builder', 'prune', '-af')
  expect((await build(one, '--cache-from', 'only-here', '--cache-to', 'type=inline')).ran).toEqual([])
  // An image without one is no failure.
  await one.ok('tag', 'busybox', `${registry.host}/plain:1`)
  await one.ok('push', '-q', `${registry.host}/plain:1`)
  expect((await build(other, '--cache-from', `${registry.host}/plain:1`)).stderr).toContain('ERROR: there is no cache of lichen in')
  await one.ok('rmi', image, 'only-here', `${registry.host}/plain:1`)
})

test('what is not there yet is told, and hinders nothing; what can not be written does, unless it is said', async () => {
  dockerfile('FROM busybox', 'RUN echo 1')
  const { stderr } = await build(other, '--cache-from', `${registry.host}/none:1`, '--cache-from', `type=local,src=${shared}`)
  for (const [place, why] of [
    ['none:1', 'manifest unknown'],
    ['shared', 'no such file or directory'],
  ] as const) {
    const number = new RegExp(`#(\\d+) importing cache manifest from .*${place}$`, 'm').exec(stderr)?.[1]
    expect(stderr).toMatch(new RegExp(`^#${number} ERROR: .*${why}$`, 'm'))
  }
  expect(await one.lichen('build', '--cache-to', 'type=local,dest=/proc/x', context)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("/proc/x can't be written"),
  })
  expect(await one.lichen('build', '--cache-to', 'type=local,dest=/proc/x,ignore-error=true', context)).toMatchObject({ code: 0 })
})

test("it is an OCI manifest of its own type, and BuildKit's is told apart", async () => {
  dockerfile('FROM busybox', 'RUN echo 1 > /a')
  await build(one, '--cache-to', `type=local,dest=${shared},tag=mine,mode=max`)
  expect(readdirSync(shared).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
  const { mediaType, artifactType, config, layers } = JSON.parse(execFileSync('skopeo', ['inspect', '--raw', `oci:${shared}:mine`], { encoding: 'utf8' }))
  expect({ mediaType, artifactType, config, layers }).toMatchObject({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: 'application/vnd.lichen.buildcache.v1+json',
    config: { mediaType: 'application/vnd.lichen.buildcache.v1+json' },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar' }],
  })
  const index = JSON.parse(readFileSync(join(shared, 'index.json'), 'utf8'))
  const buildkit = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType: 'application/vnd.buildkit.cacheconfig.v0', digest: config.digest, size: config.size }],
  })
  const digest = execFileSync('sha256sum', { input: buildkit, encoding: 'utf8' }).slice(0, 64)
  writeFileSync(join(shared, 'blobs/sha256', digest), buildkit)
  writeFileSync(
    join(shared, 'index.json'),
    JSON.stringify({ ...index, manifests: [{ mediaType: 'application/vnd.oci.image.index.v1+json', digest: `sha256:${digest}`, size: buildkit.length }] }),
  )
  const { stderr } = await build(other, '--cache-from', `type=local,src=${shared},digest=sha256:${digest}`)
  expect(stderr).toContain('is a cache of BuildKit, which keeps other keys')
})

test.each([
  ['--cache-to', 'type=gha', 'type=gha is not supported'],
  ['--cache-from', 'type=s3,region=x', 'type=s3 is not supported'],
  ['--cache-to', 'type=local,dest=x,compression=zstd', 'compression=zstd is not supported'],
  ['--cache-to', 'type=local', 'dest is required'],
  ['--cache-to', 'type=local,dest=x,mode=all', 'unknown cache export mode "all"'],
  ['--cache-from', 'type=registry', 'ref is required'],
])('%s %s is refused', async (flag, value, message) => {
  dockerfile('FROM busybox')
  expect(await one.lichen('build', flag, value, context)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
})
