import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compressionOf, peekCompression, sniff } from '../../../lib/image/compression.ts'
import { decompress } from '../../../lib/image/decompress.ts'

// zstd of "lichen\n", with a checksum, as zstd 1.5.4 writes it; and an empty skippable frame.
const ZSTD = Buffer.from('28b52ffd0458390000' + '6c696368656e0a' + '61818ebd', 'hex')
const SKIPPABLE = Buffer.from('502a4d1800000000', 'hex')

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

test('the first bytes tell the compression, however they come', async () => {
  expect(sniff(gzipSync('x'))).toBe('gzip')
  expect(sniff(ZSTD)).toBe('zstd')
  expect(sniff(SKIPPABLE)).toBe('zstd')
  expect(sniff(Buffer.from('fd377a585a0000', 'hex'))).toBe('xz')
  expect(sniff(Buffer.from('BZh91AY'))).toBe('bzip2')
  for (const text of ['', 'B', 'etc/passwd\0']) expect(sniff(Buffer.from(text))).toBe('none')
  expect(await compressionOf(pieces(ZSTD, 1))).toBe('zstd')
})

test('looking at the first bytes loses none and closes the source', async () => {
  let closed = 0
  async function* source() {
    try {
      yield* pieces(Buffer.from('0123456789'), 3)
    } finally {
      closed += 1
    }
  }
  expect(await all((await peekCompression(source())).bytes)).toEqual(Buffer.from('0123456789'))
  expect(closed).toBe(1)
  await compressionOf(source())
  expect(closed).toBe(2)
})

test('gzip and zstd are undone, in pieces of any size, and members behind one another', async () => {
  const content = Buffer.concat([randomBytes(300_000), Buffer.alloc(1_000_000)])
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  for (const size of [1000, 1_000_000]) expect(digest(await all(decompress(pieces(gzipSync(content), size))))).toBe(digest(content))
  expect((await all(decompress(pieces(Buffer.concat([gzipSync('ab'), gzipSync('cd')]), 7)))).toString()).toBe('abcd')
  expect((await all(decompress(pieces(Buffer.concat([SKIPPABLE, ZSTD, ZSTD]), 1)))).toString()).toBe('lichen\nlichen\n')
})

test('plain bytes pass as they are', async () => {
  expect((await all(decompress(pieces(Buffer.from('plain'), 2)))).toString()).toBe('plain')
  expect(await all(decompress(pieces(Buffer.alloc(0), 1)))).toHaveLength(0)
})

test('damage and an early end are told; what the source throws is passed on', async () => {
  const whole = gzipSync(randomBytes(10_000))
  await expect(all(decompress(pieces(whole.subarray(0, 5000), 512)))).rejects.toMatchObject({ code: 'DAMAGED_STREAM', message: 'the gzip stream is cut short' })
  const flipped = Buffer.from(whole)
  flipped[5000]! ^= 0xff
  await expect(all(decompress(pieces(flipped, 512)))).rejects.toMatchObject({ code: 'DAMAGED_STREAM' })
  async function* failing() {
    yield whole.subarray(0, 5000)
    throw new Error('the line broke')
  }
  await expect(all(decompress(failing()))).rejects.toThrow('the line broke')
})

test('a reader that stops early closes the source', async () => {
  let closed = false
  async function* source() {
    try {
      for (;;) yield gzipSync(randomBytes(100_000))
    } finally {
      closed = true
    }
  }
  for await (const part of decompress(source())) {
    expect(part.length).toBeGreaterThan(0)
    break
  }
  expect(closed).toBe(true)
})
