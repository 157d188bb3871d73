import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts'
import { type MadeImage, makeImage } from '../helpers/oci-image.ts'
import { type Registry, skopeoPush, startRegistry } from '../helpers/registry.ts'
import { useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFolder } from '../helpers/registry-setup.ts'

const newBox = useRegistryBoxes()
const folder = useFolder('mirror')
let origin: Registry
let cache: Registry
let first: FaultProxy
let second: FaultProxy
let image: MadeImage

beforeAll(async () => {
  origin = await startRegistry()
  image = await makeImage(join(folder.path, 'image'), { layers: [{ one: '1' }, { two: '2' }] })
  await skopeoPush(image.folder, `${origin.host}/library/app:latest`)
  cache = await startRegistry({ mirrorOf: origin.url })
  ;[first, second] = await Promise.all([startFaultProxy(cache.host), startFaultProxy(cache.host)])
})
afterAll(async () => {
  await Promise.all([first, second, cache, origin].map((server) => server?.stop()))
})
beforeEach(() => {
  for (const proxy of [first, second]) {
    proxy.rules.length = 0
    proxy.seen.length = 0
  }
})

test('a mirror stands for Docker Hub, and the name stays', async () => {
  const box = await newBox()
  await box.configure({ 'registry-mirrors': [first.url] })
  expect((await box.ok('pull', 'app')).split('\n').slice(-2)).toEqual(['Status: Downloaded newer image for app:latest', 'docker.io/library/app:latest'])
  expect(await box.ok('inspect', '--format', '{{.Id}} {{json .RepoTags}} {{json .RepoDigests}}', 'app')).toBe(
    `${image.configDigest} ["app:latest"] ["app@${image.manifestDigest}"]`,
  )
})

test.each<[string, () => void]>([
  ['is down', () => first.rules.push({ match: /./, fault: { kind: 'hang-up' } })],
  ['does not have it', () => first.rules.push({ match: /manifests/, fault: { kind: 'status', status: 404 } })],
  ['wants a login', () => first.rules.push({ match: /./, fault: { kind: 'status', status: 401, headers: { 'WWW-Authenticate': 'Basic' } } })],
  ['lacks a layer', () => first.rules.push({ match: /blobs/, fault: { kind: 'status', status: 404 } })],
  ['gives out damaged layers', () => first.rules.push({ match: /blobs/, fault: { kind: 'corrupt', at: 40 } })],
  ['answers nonsense', () => first.rules.push({ match: /manifests/, fault: { kind: 'replace', body: '{}' } })],
])('the next one is asked where a mirror %s', async (_, break_) => {
  const box = await newBox()
  await box.configure({ 'registry-mirrors': [first.url, second.url] })
  break_()
  await box.ok('pull', '-q', 'app')
  expect(first.seen.length).toBeGreaterThan(0)
  expect(second.seen.length).toBeGreaterThan(0)
})

test('other registries have no mirrors', async () => {
  const box = await newBox()
  await box.configure({ 'registry-mirrors': [first.url] })
  await box.ok('pull', '-q', `${origin.host}/library/app`)
  expect(first.seen).toEqual([])
})

test('what is wrong with all of them is told of the registry that was meant', async () => {
  const box = await newBox()
  await box.configure({ 'registry-mirrors': ['http://127.0.0.1:1'] })
  expect(await box.fails('pull', 'app')).toMatch(/registry docker\.io can't be reached \(repository library\/app\)/)
})
