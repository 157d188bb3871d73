import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../helpers/fault-proxy.ts'
import { type RegistryBox, useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFaultyRegistry } from '../helpers/registry-setup.ts'

const newBox = useRegistryBoxes()
const at = useFaultyRegistry('app:v1', { layers: [{ one: '1' }, { two: randomBytes(4_000_000) }, { three: randomBytes(100_000) }] })
let name: string
/** The largest layer. */
let layer: string

beforeAll(() => {
  name = `${at.proxy.host}/app:v1`
  layer = at.image.layers[1]!.digest
})

const add = (match: RegExp | string, fault: Fault, times?: number) =>
  at.proxy.rules.push({ match: typeof match === 'string' ? new RegExp(match) : match, fault, ...(times === undefined ? {} : { times }) })

/** The image is whole, or nothing of it is to be seen. */
async function expectNothing(box: RegistryBox): Promise<void> {
  expect(await box.images()).toEqual([])
  expect((await readdir(join(box.data, 'tmp')).catch(() => [])).filter((entry) => !entry.includes('lock'))).toEqual([])
}

describe('what passes by itself is survived', () => {
  test.each<[string, () => void]>([
    ['a reset in a layer', () => add(layer, { kind: 'reset', after: 1_500_000 }, 1)],
    ['a layer that is cut', () => add(layer, { kind: 'truncate', after: 1_500_000 }, 1)],
    ['resets again and again', () => add(layer, { kind: 'reset', after: 1_100_000 }, 3)],
    [
      'a reset, by a server that knows no Range',
      () => {
        add(layer, { kind: 'reset', after: 1_500_000 }, 1)
        add(layer, { kind: 'no-range' })
      },
    ],
    ['a reset in the manifest', () => add(/manifests/, { kind: 'reset', after: 10 }, 1)],
    ['503', () => add(/v2\/app/, { kind: 'status', status: 503 }, 2)],
    ['429 with Retry-After', () => add(/v2\/app/, { kind: 'status', status: 429, headers: { 'Retry-After': '1' } }, 1)],
    ['a connection that is closed without a word', () => add(/blobs/, { kind: 'hang-up' }, 2)],
  ])('%s', async (_, break_) => {
    const box = await newBox()
    break_()
    await box.ok('pull', '-q', name)
    expect(await box.ok('inspect', '--format', '{{.Id}}', name)).toBe(at.image.configDigest)
  })

  test('a layer that stands still is taken up after half a minute', async () => {
    const box = await newBox()
    add(layer, { kind: 'stall', after: 1_500_000 }, 1)
    const start = performance.now()
    await box.ok('pull', '-q', name)
    expect(performance.now() - start).toBeLessThan(60_000)
    expect(at.proxy.seen.filter(({ path }) => path.includes(layer)).map(({ headers }) => headers.range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=\d+-$/),
    ])
  }, 120_000)
})

describe('what does not pass is told, and leaves nothing', () => {
  test.each<[string, () => void, RegExp]>([
    ['resets for ever', () => add(layer, { kind: 'reset', after: 1000 }), /the connection to registry 127\.0\.0\.1:\d+ broke off \(repository app\)/],
    ['a flipped byte', () => add(layer, { kind: 'corrupt', at: 2_000_000 }), /layer sha256:\w+ of 127\.0\.0\.1:\d+\/app:v1 is not what was announced/],
    ['a missing blob', () => add(layer, { kind: 'status', status: 404 }), /layer sha256:\w+ of 127\.0\.0\.1:\d+\/app not found: 404/],
    [
      '500 for ever',
      () => add(/manifests/, { kind: 'status', status: 500, body: 'database is gone' }),
      /registry 127\.0\.0\.1:\d+ answers 500 for manifest for 127\.0\.0\.1:\d+\/app:v1: database is gone/,
    ],
    [
      '429 for an hour',
      () => add(/manifests/, { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } }),
      /registry 127\.0\.0\.1:\d+ takes no more requests for now \(repository app\).*\nhint: try again in 3600 seconds/,
    ],
    ['redirects in circles', () => add(/blobs/, { kind: 'redirect', to: '' }), /it sends in circles/],
    [
      'a login that nobody asked for',
      () => add(/blobs/, { kind: 'status', status: 403, body: '{"errors":[{"code":"DENIED","message":"no"}]}' }),
      /pull access denied for 127\.0\.0\.1:\d+\/app.*denied: no/,
    ],
  ])('%s', async (_, break_, message) => {
    const box = await newBox()
    break_()
    expect(await box.fails('pull', name)).toMatch(message)
    await expectNothing(box)
    at.proxy.rules.length = 0
    await box.ok('pull', '-q', name)
  })
})

test('two pulls, one of them killed: the other one brings it to its end', async () => {
  const box = await newBox()
  add(layer, { kind: 'stall', after: 2_000_000 }, 1)
  const first = box.start(['pull', name])
  await first.printed('Pulling fs layer')
  const second = box.start(['pull', '-q', name])
  await new Promise((resolve) => setTimeout(resolve, 500))
  first.kill('SIGKILL')
  expect(await second.exited).toMatchObject({ code: 0, stderr: '' })
})
