import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { skopeoInspect } from '../helpers/registry.ts'
import { type RegistryBox, useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFaultyRegistry } from '../helpers/registry-setup.ts'
import { must } from '../helpers/run.ts'
import { closeServer } from '../helpers/token-server.ts'

const newBox = useRegistryBoxes()
const at = useFaultyRegistry('source:v1', { layers: [{ one: '1' }, { two: randomBytes(20_000_000) }] })

const asked = (method: string) => at.proxy.seen.filter((request) => request.method === method).map(({ path }) => path)

/** A box that has the image from elsewhere, under the name that it will be pushed to. */
async function boxWith(target: string): Promise<RegistryBox> {
  const box = await newBox()
  await box.ok('pull', '-q', `${at.registry.host}/source:v1`)
  await box.ok('tag', `${at.registry.host}/source:v1`, target)
  return box
}

test('byte for byte, to a registry that has nothing of it', async () => {
  const target = `${at.proxy.host}/team/copy:v2`
  const box = await boxWith(target)
  const lines = (await box.ok('push', target)).split('\n')
  expect(lines[0]).toBe(`The push refers to repository [${at.proxy.host}/team/copy]`)
  for (const { diffId } of at.image.layers)
    expect(lines).toEqual(expect.arrayContaining([`${diffId.slice(7, 19)}: Preparing`, `${diffId.slice(7, 19)}: Pushed`]))
  expect(lines.at(-1)).toMatch(new RegExp(`^v2: digest: ${at.image.manifestDigest} size: \\d+$`))
  expect(await skopeoInspect(`${at.registry.host}/team/copy:v2`)).toMatchObject({
    digest: at.image.manifestDigest,
    layers: at.image.layers.map(({ digest }) => digest),
  })
  expect(await box.ok('inspect', '--format', '{{json .RepoDigests}}', target)).toContain(`${at.proxy.host}/team/copy@${at.image.manifestDigest}`)
})

test('skopeo brings it back with the same digest, and umoci takes it', async () => {
  const back = join(at.folder, 'back')
  await must('skopeo', ['copy', '--src-tls-verify=false', `docker://${at.registry.host}/source:v1`, `oci:${back}:v1`])
  const { stdout } = await must('skopeo', ['inspect', '--raw', `oci:${back}:v1`])
  const pushed = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${at.registry.host}/source:v1`])
  expect(stdout).toBe(pushed.stdout)
  await must('umoci', ['unpack', '--rootless', '--image', `${back}:v1`, join(at.folder, 'bundle')])
})

test('what is there is not sent again', async () => {
  const target = `${at.proxy.host}/source:v3`
  const box = await boxWith(target)
  const output = await box.ok('push', target)
  for (const { diffId } of at.image.layers) expect(output).toContain(`${diffId.slice(7, 19)}: Layer already exists`)
  expect([...asked('POST'), ...asked('PATCH')]).toEqual([])
  expect(asked('PUT')).toEqual(['/v2/source/manifests/v3'])
})

test('what another repository of the registry has is mounted from there', async () => {
  const box = await newBox()
  await box.ok('pull', '-q', `${at.proxy.host}/source:v1`)
  await box.ok('tag', `${at.proxy.host}/source:v1`, `${at.proxy.host}/mounted:v1`)
  at.proxy.seen.length = 0
  const output = await box.ok('push', `${at.proxy.host}/mounted:v1`)
  for (const { diffId } of at.image.layers) expect(output).toContain(`${diffId.slice(7, 19)}: Mounted from source`)
  expect(asked('POST').filter((path) => !path.includes('mount='))).toEqual([])
  expect(asked('PUT')).toEqual(['/v2/mounted/manifests/v1'])
})

test('in pieces, where a registry does not take it whole', async () => {
  const target = `${at.proxy.host}/pieces:v1`
  const box = await boxWith(target)
  at.proxy.rules.push({ match: /^PUT .*uploads/, fault: { kind: 'status', status: 413 }, times: 3 })
  await box.ok('push', target)
  expect(asked('PATCH').length).toBeGreaterThan(3)
  expect((await skopeoInspect(`${at.registry.host}/pieces:v1`)).digest).toBe(at.image.manifestDigest)
})

test.each<[string, () => void]>([
  ['a connection that is cut', () => at.proxy.rules.push({ match: /^PUT .*uploads/, fault: { kind: 'hang-up' }, times: 1 })],
  [
    'pieces that are cut',
    () => {
      at.proxy.rules.push({ match: /^PUT .*uploads/, fault: { kind: 'hang-up' }, times: 3 })
      at.proxy.rules.push({ match: /^PATCH/, fault: { kind: 'hang-up' }, times: 2 })
    },
  ],
  ['503', () => at.proxy.rules.push({ match: /./, fault: { kind: 'status', status: 503 }, times: 3 })],
])('%s does not end it', async (what, break_) => {
  const target = `${at.proxy.host}/faulty/${what.replaceAll(/[^a-z0-9]+/g, '-')}:v1`
  const box = await boxWith(target)
  break_()
  await box.ok('push', target)
  expect((await skopeoInspect(target.replace(at.proxy.host, at.registry.host))).digest).toBe(at.image.manifestDigest)
})

test('all tags, quietly', async () => {
  const box = await boxWith(`${at.proxy.host}/tags:a`)
  await box.ok('tag', `${at.proxy.host}/tags:a`, `${at.proxy.host}/tags:b`)
  expect(await box.ok('push', '-q', '-a', `${at.proxy.host}/tags`)).toBe(`${at.proxy.host}/tags`)
  for (const tag of ['a', 'b']) expect((await skopeoInspect(`${at.registry.host}/tags:${tag}`)).digest).toBe(at.image.manifestDigest)
})

describe('what can not be', () => {
  test('an image that is not here', async () => {
    const box = await newBox()
    expect(await box.fails('push', `${at.proxy.host}/nope:v1`)).toContain(`An image does not exist locally with the tag: ${at.proxy.host}/nope\n`)
    expect(await box.lichen('push', `${at.proxy.host}/nope@${at.image.manifestDigest}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot push a digest reference'),
    })
  })

  test('nobody there, not allowed, no room', async () => {
    const box = await boxWith('127.0.0.1:1/x:v1')
    expect(await box.fails('push', '127.0.0.1:1/x:v1')).toMatch(/registry 127\.0\.0\.1:1 can't be reached \(repository x\)/)
    await box.ok('tag', `${at.registry.host}/source:v1`, `${at.proxy.host}/x:v1`)
    at.proxy.rules.push({ match: /^POST/, fault: { kind: 'status', status: 403, body: '{"errors":[{"code":"DENIED","message":"read only"}]}' } })
    expect(await box.fails('push', `${at.proxy.host}/x:v1`)).toMatch(/push access denied for .*\/x, .*denied: read only/)
    at.proxy.rules[0]!.fault = { kind: 'status', status: 507, body: 'full' }
    expect(await box.fails('push', `${at.proxy.host}/x:v1`)).toMatch(/answers 507 for (layer|configuration) sha256:\w+ of .*: full/)
  })
})

describe('manifest inspect', () => {
  test('of a registry, of what is here, and byte for byte', async () => {
    const box = await newBox()
    const name = `${at.proxy.host}/source:v1`
    const { stdout: raw } = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${at.registry.host}/source:v1`])
    expect(await box.ok('manifest', 'inspect', name)).toBe(JSON.stringify(JSON.parse(raw), null, '\t'))
    expect((await box.lichen('manifest', 'inspect', '--raw', name)).stdout).toBe(raw)
    expect(JSON.parse(await box.ok('manifest', 'inspect', '-v', name))).toMatchObject({
      Ref: name,
      Descriptor: { digest: at.image.manifestDigest },
      OCIManifest: JSON.parse(raw) as object,
    })
    expect(await box.images()).toEqual([])
    expect(await box.lichen('manifest', 'inspect', '--local', name)).toMatchObject({ code: 1 })
    await box.ok('pull', '-q', name)
    at.proxy.seen.length = 0
    expect(await box.ok('manifest', 'inspect', '--local', name)).toBe(JSON.stringify(JSON.parse(raw), null, '\t'))
    expect(at.proxy.seen).toEqual([])
  })
})

describe('search', () => {
  test('a registry that has none says so', async () => {
    const box = await newBox()
    expect(await box.lichen('search', `${at.proxy.host}/app`)).toMatchObject({
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
