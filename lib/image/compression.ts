export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2'

/** From the first bytes, never from a name or a media type: tools label wrongly (skopeo 1.9 says gzip of plain tars). */
export function sniff(bytes: Uint8Array): Compression {
  const starts = (...magic: number[]) => magic.every((value, at) => bytes[at] === value)
  if (starts(0x1f, 0x8b)) return 'gzip'
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd'
  // A skippable frame, with which some tools begin.
  if (bytes[0] !== undefined && (bytes[0] & 0xf0) === 0x50 && bytes[1] === 0x2a && bytes[2] === 0x4d && bytes[3] === 0x18) return 'zstd'
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz'
  if (starts(0x42, 0x5a, 0x68)) return 'bzip2'
  return 'none'
}

const MAGIC_LENGTH = 6

/** The compression, and the same bytes from the beginning. */
export async function peekCompression(source: AsyncIterable<Uint8Array>): Promise<{ compression: Compression; bytes: AsyncGenerator<Uint8Array, void, void> }> {
  const { head, bytes } = await peek(source, MAGIC_LENGTH)
  return { compression: sniff(head), bytes }
}

/** The first bytes, `least` of them where there are so many, and the same bytes from the beginning. */
export async function peek(source: AsyncIterable<Uint8Array>, least: number): Promise<{ head: Buffer; bytes: AsyncGenerator<Uint8Array, void, void> }> {
  const iterator = source[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  let length = 0
  while (length < least) {
    const step = await iterator.next()
    if (step.done) break
    head.push(step.value)
    length += step.value.length
  }
  async function* whole() {
    try {
      yield* head
      for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value
    } finally {
      await iterator.return?.()
    }
  }
  return { head: Buffer.concat(head.map((part) => part.subarray(0, least))), bytes: whole() }
}

/** Reads the beginning only. */
export async function compressionOf(source: AsyncIterable<Uint8Array>): Promise<Compression> {
  const { compression, bytes } = await peekCompression(source)
  await bytes.next()
  await bytes.return()
  return compression
}
