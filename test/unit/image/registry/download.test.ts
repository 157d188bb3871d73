import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../../../lib/image/digest.ts'
import { authoriser } from '../../../../lib/image/registry/authoriser.ts'
import { downloadBlob } from '../../../../lib/image/registry/download.ts'
import { openSession } from '../../../../lib/image/registry/session.ts'
import { openTransport, type Transport } from '../../../../lib/image/registry/transport.ts'
import { type Fault, type FaultProxy, startFaultProxy } from '../../../helpers/fault-proxy.ts'

const blob = randomBytes(5_000_000)
const digest = sha256(blob)
const path = `/v2/x/blobs/${digest}`
const asked = { host: 'r', repository: 'x', name: 'r/x', action: 'pull' } as const
let proxy: FaultProxy
let transport: Transport

const server = createServer((request, response) => {
  const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
  if (request.url !== path)
    return void response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}')
  if (start === undefined) return void response.writeHead(200, { 'Content-Length': blob.length }).end(blob)
  const rest = blob.subarray(Number(start))
  response.writeHead(206, { 'Content-Length': rest.length, 'Content-Range': `bytes ${start}-${blob.length - 1}/${blob.length}` }).end(rest)
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy = await startFaultProxy(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  transport = openTransport({ isInsecure: () => true, certificateFolders: [], env: {}, limits: { connect: 1000, answer: 500, stall: 300 } })
})
afterAll(async () => {
  transport.close()
  await proxy.stop()
  server.close()
})
beforeEach(() => {
  proxy.rules.length = 0
  proxy.seen.length = 0
})

async function download(wanted = { digest, size: blob.length }): Promise<Buffer> {
  const endpoint = { base: proxy.url, host: 'r', insecure: true, mirror: false, another: false }
  const session = openSession({
    transport,
    endpoint,
    authoriser: authoriser({ transport, endpoint, scopes: [], credentials: async () => undefined }),
    patience: { first: 5, most: 20 },
  })
  const parts: Uint8Array[] = []
  for await (const part of downloadBlob(session, asked, { mediaType: 'x', ...wanted })) parts.push(part)
  return Buffer.concat(parts)
}

const fault = (fault: Fault, times?: number) => proxy.rules.push({ match: /blobs/, fault, ...(times === undefined ? {} : { times }) })
const ranges = () => proxy.seen.map(({ headers }) => headers.range)

test('a blob in one piece', async () => {
  expect((await download()).equals(blob)).toBe(true)
  expect(ranges()).toEqual([undefined])
})

describe('is taken up where it broke off', () => {
  test.each(['reset', 'truncate', 'stall'] as const)('%s', async (kind) => {
    fault({ kind, after: 2_000_000 }, 1)
    expect((await download()).equals(blob)).toBe(true)
    expect(ranges()).toHaveLength(2)
    expect(Number(/^bytes=(\d+)-$/.exec(ranges()[1] ?? '')?.[1])).toBeGreaterThan(0)
  })

  test('by a server that begins again', async () => {
    fault({ kind: 'reset', after: 2_000_000 }, 1)
    fault({ kind: 'no-range' })
    expect((await download()).equals(blob)).toBe(true)
    expect(ranges()).toHaveLength(2)
  })

  test('many times, as long as it goes on', async () => {
    fault({ kind: 'reset', after: 1_200_000 }, 4)
    expect((await download()).equals(blob)).toBe(true)
  })

  test('behind refusals', async () => {
    fault({ kind: 'reset', after: 1_000_000 }, 1)
    fault({ kind: 'status', status: 503 }, 1)
    fault({ kind: 'status', status: 429, headers: { 'Retry-After': '0' } }, 1)
    fault({ kind: 'hang-up' }, 1)
    expect((await download()).equals(blob)).toBe(true)
    expect(ranges()).toHaveLength(5)
  })
})

test('a server that always cuts is given up', async () => {
  fault({ kind: 'reset', after: 1000 })
  await expect(download()).rejects.toMatchObject({ kind: 'broken' })
  expect(ranges()).toHaveLength(5)
})

test('the wrong part is not taken', async () => {
  fault({ kind: 'reset', after: 2_000_000 }, 1)
  fault({ kind: 'status', status: 206, headers: { 'Content-Range': `bytes ${blob.length - 1}-${blob.length - 1}/${blob.length}` }, body: 'x' })
  await expect(download()).rejects.toMatchObject({ code: 'BAD_ANSWER' })
})

test('an unknown blob is told', async () => {
  await expect(download({ digest: sha256('other'), size: 1 })).rejects.toMatchObject({
    code: 'BLOB_UNKNOWN',
    message: expect.stringMatching(/^layer sha256:.* of r\/x not found: blob unknown/),
  })
})

test('one that is longer than announced is not read to its end', async () => {
  expect((await download({ digest, size: 1000 })).length).toBeLessThan(200_000)
})

test('the time that the reader takes is no stall', async () => {
  const endpoint = { base: proxy.url, host: 'r', insecure: true, mirror: false, another: false }
  const session = openSession({ transport, endpoint, authoriser: authoriser({ transport, endpoint, scopes: [], credentials: async () => undefined }) })
  let size = 0
  for await (const part of downloadBlob(session, asked, { mediaType: 'x', digest, size: blob.length })) {
    if (size === 0) await new Promise((resolve) => setTimeout(resolve, 700))
    size += part.length
  }
  expect([size, ranges()]).toEqual([blob.length, [undefined]])
})
