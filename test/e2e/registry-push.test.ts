import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts'
import { type MadeImage, makeImage } from '../helpers/oci-image.ts'
import { type Registry, skopeoInspect, skopeoPush, startRegistry } from '../helpers/registry.ts'
import { type RegistryBox, useRegistryBoxes } from '../helpers/registry-box.ts'
import { must } from '../helpers/run.ts'
import { closeServer } from '../helpers/token-server.ts'

const newBox = useRegistryBoxes()
let registry: Registry
let proxy: FaultProxy
let image: MadeImage
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lichen-push-'))
  registry = await startRegistry()
  proxy = await startFaultProxy(registry.host)
  image = await makeImage(join(folder, 'image'), { layers: [{ one: '1' }, { two: randomBytes(20_000_000) }] })
  await skopeoPush(image.folder, `${registry.host}/source:v1`)
})
afterAll(async () => {
  await proxy.stop()
  await registry.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  proxy.rules.length = 0
  proxy.seen.length = 0
})

const asked = (method: string) => proxy.seen.filter((request) => request.method === method).map(({ path }) => path)

/** A box that has the image from elsewhere, under the name that it will be pushed to. */
async function boxWith(target: string): Promise<RegistryBox> {
  const box = await newBox()
  await box.ok('pull', '-q', `${registry.host}/source:v1`)
  await box.ok('tag', `${registry.host}/source:v1`, target)
  return box
}

test('byte for byte, to a registry that has nothing of it', async () => {
  const target = `${proxy.host}/team/copy:v2`
  const box = await boxWith(target)
  const lines = (await box.ok('push', target)).split('\n')
  expect(lines[0]).toBe(`The push refers to repository [${proxy.host}/team/copy]`)
  for (const { diffId } of image.layers) expect(lines).toEqual(expect.arrayContaining([`${diffId.slice(7, 19)}: Preparing`, `${diffId.slice(7, 19)}: Pushed`]))
  expect(lines.at(-1)).toMatch(new RegExp(`^v2: digest: ${image.manifestDigest} size: \\d+$`))
  expect(await skopeoInspect(`${registry.host}/team/copy:v2`)).toMatchObject({ digest: image.manifestDigest, layers: image.layers.map(({ digest }) => digest) })
  expect(await box.ok('inspect', '--format', '{{json .RepoDigests}}', target)).toContain(`${proxy.host}/team/copy@${image.manifestDigest}`)
})

test('skopeo brings it back with the same digest, and umoci takes it', async () => {
  const back = join(folder, 'back')
  await must('skopeo', ['copy', '--src-tls-verify=false', `docker://${registry.host}/source:v1`, `oci:${back}:v1`])
  const { stdout } = await must('skopeo', ['inspect', '--raw', `oci:${back}:v1`])
  const pushed = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/source:v1`])
  expect(stdout).toBe(pushed.stdout)
  await must('umoci', ['unpack', '--rootless', '--image', `${back}:v1`, join(folder, 'bundle')])
})

test('what is there is not sent again', async () => {
  const target = `${proxy.host}/source:v3`
  const box = await boxWith(target)
  const output = await box.ok('push', target)
  for (const { diffId } of image.layers) expect(output).toContain(`${diffId.slice(7, 19)}: Layer already exists`)
  expect([...asked('POST'), ...asked('PATCH')]).toEqual([])
  expect(asked('PUT')).toEqual(['/v2/source/manifests/v3'])
})

test('what another repository of the registry has is mounted from there', async () => {
  const box = await newBox()
  await box.ok('pull', '-q', `${proxy.host}/source:v1`)
  await box.ok('tag', `${proxy.host}/source:v1`, `${proxy.host}/mounted:v1`)
  proxy.seen.length = 0
  const output = await box.ok('push', `${proxy.host}/mounted:v1`)
  for (const { diffId } of image.layers) expect(output).toContain(`${diffId.slice(7, 19)}: Mounted from source`)
  expect(asked('POST').filter((path) => !path.includes('mount='))).toEqual([])
  expect(asked('PUT')).toEqual(['/v2/mounted/manifests/v1'])
})

test('in pieces, where a registry does not take it whole', async () => {
  const target = `${proxy.host}/pieces:v1`
  const box = await boxWith(target)
  proxy.rules.push({ match: /^PUT .*uploads/, fault: { kind: 'status', status: 413 }, times: 3 })
  await box.ok('push', target)
  expect(asked('PATCH').length).toBeGreaterThan(3)
  expect((await skopeoInspect(`${registry.host}/pieces:v1`)).digest).toBe(image.manifestDigest)
})

test.each<[string, () => void]>([
  ['a connection that is cut', () => proxy.rules.push({ match: /^PUT .*uploads/, fault: { kind: 'hang-up' }, times: 1 })],
  [
    'pieces that are cut',
    () => {
      proxy.rules.push({ match: /^PUT .*uploads/, fault: { kind: 'hang-up' }, times: 3 })
      proxy.rules.push({ match: /^PATCH/, fault: { kind: 'hang-up' }, times: 2 })
    },
  ],
  ['503', () => proxy.rules.push({ match: /./, fault: { kind: 'status', status: 503 }, times: 3 })],
])('%s does not end it', async (what, break_) => {
  const target = `${proxy.host}/faulty/${what.replaceAll(/[^a-z0-9]+/g, '-')}:v1`
  const box = await boxWith(target)
  break_()
  await box.ok('push', target)
  expect((await skopeoInspect(target.replace(proxy.host, registry.host))).digest).toBe(image.manifestDigest)
})

test('all tags, quietly', async () => {
  const box = await boxWith(`${proxy.host}/tags:a`)
  await box.ok('tag', `${proxy.host}/tags:a`, `${proxy.host}/tags:b`)
  expect(await box.ok('push', '-q', '-a', `${proxy.host}/tags`)).toBe(`${proxy.host}/tags`)
  for (const tag of ['a', 'b']) expect((await skopeoInspect(`${registry.host}/tags:${tag}`)).digest).toBe(image.manifestDigest)
})

describe('what can not be', () => {
  test('an image that is not here', async () => {
    const box = await newBox()
    expect(await box.fails('push', `${proxy.host}/nope:v1`)).toContain(`An image does not exist locally with the tag: ${proxy.host}/nope:v1`)
    expect(await box.lichen('push', `${proxy.host}/nope@${image.manifestDigest}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot push a digest reference'),
    })
  })

  test('nobody there, not allowed, no room', async () => {
    const box = await boxWith('127.0.0.1:1/x:v1')
    expect(await box.fails('push', '127.0.0.1:1/x:v1')).toMatch(/registry 127\.0\.0\.1:1 can't be reached \(repository x\)/)
    await box.ok('tag', `${registry.host}/source:v1`, `${proxy.host}/x:v1`)
    proxy.rules.push({ match: /^POST/, fault: { kind: 'status', status: 403, body: '{"errors":[{"code":"DENIED","message":"read only"}]}' } })
    expect(await box.fails('push', `${proxy.host}/x:v1`)).toMatch(/push access denied for .*\/x, .*denied: read only/)
    proxy.rules[0]!.fault = { kind: 'status', status: 507, body: 'full' }
    expect(await box.fails('push', `${proxy.host}/x:v1`)).toMatch(/answers 507 for (layer|configuration) sha256:\w+ of .*: full/)
  })
})

describe('manifest inspect', () => {
  test('of a registry, of what is here, and byte for byte', async () => {
    const box = await newBox()
    const name = `${proxy.host}/source:v1`
    const { stdout: raw } = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/source:v1`])
    expect(await box.ok('manifest', 'inspect', name)).toBe(JSON.stringify(JSON.parse(raw), null, '\t'))
    expect((await box.lichen('manifest', 'inspect', '--raw', name)).stdout).toBe(raw)
    expect(JSON.parse(await box.ok('manifest', 'inspect', '-v', name))).toMatchObject({
      Ref: name,
      Descriptor: { digest: image.manifestDigest },
      OCIManifest: JSON.parse(raw) as object,
    })
    expect(await box.images()).toEqual([])
    expect(await box.lichen('manifest', 'inspect', '--local', name)).toMatchObject({ code: 1 })
    await box.ok('pull', '-q', name)
    proxy.seen.length = 0
    expect(await box.ok('manifest', 'inspect', '--local', name)).toBe(JSON.stringify(JSON.parse(raw), null, '\t'))
    expect(proxy.seen).toEqual([])
  })
})

describe('search', () => {
  test('a registry that has none says so', async () => {
    const box = await newBox()
    expect(await box.lichen('search', `${proxy.host}/app`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Error: registry 127\.0\.0\.1:\d+ has no search \(it answers 404 to \/v1\/search\)\nhint: /),
    })
  })

  test('one that has', async () => {
    const results = [
      { name: 'busybox', description: 'Busybox \u001b[31mbase\n image.', star_count: 3000, is_official: true },
      { name: 'other/busybox', description: '', star_count: 2, is_official: false },
    ]
    const server = createServer((request, response) => void response.end(request.url === '/v1/search?q=busybox&n=25' ? JSON.stringify({ results }) : '{}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const term = `127.0.0.1:${(server.address() as AddressInfo).port}/busybox`
    try {
      const box = await newBox()
      expect((await box.ok('search', term)).split('\n')).toEqual([
        expect.stringMatching(/^NAME +DESCRIPTION +STARS +OFFICIAL$/),
        expect.stringMatching(/^busybox +Busybox .*base image\. +3000 +\[OK\]$/),
        expect.stringMatching(/^other\/busybox +2$/),
      ])
      expect(await box.ok('search', '--filter', 'stars=10', '--format', '{{.Name}} {{.StarCount}}', term)).toBe('busybox 3000')
    } finally {
      await closeServer(server)
    }
  })
})
