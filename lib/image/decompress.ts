import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { constants, createGunzip, type ZlibOptions } from 'node:zlib'
import { LichenError } from '../system/errors.ts'
import { type Compression, peekCompression } from './compression.ts'

/** A piece that comes out. Each takes some turns of threads, whatever its size; and one is made while the one before is read. */
const CHUNK = 256 * 1024
const PIECES = { chunkSize: CHUNK, readableHighWaterMark: 2 * CHUNK }

/**
 * The bytes of a gzip or zstd stream, told by their first bytes; those of any other as they are, xz and bzip2 among them
 * (no layer is such). Throws DAMAGED_STREAM, and what the source throws.
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const { compression, bytes } = await peekCompression(source)
  if (compression === 'gzip') yield* through(bytes, createGunzip(PIECES), compression)
  else if (compression === 'zstd') yield* unzstd(bytes)
  else yield* bytes
}

// In zlib since Node 22.15 and in Bun: three times as quick as JavaScript, which Node 20 is left with.
type ZstdOptions = ZlibOptions & { params?: Record<number, number> }
const { createZstdDecompress } = zlib as unknown as { createZstdDecompress?: (options: ZstdOptions) => Transform }
const { ZSTD_d_windowLogMax } = constants as unknown as { ZSTD_d_windowLogMax?: number }

async function* unzstd(bytes: AsyncGenerator<Uint8Array, void, void>): AsyncGenerator<Uint8Array, void, void> {
  if (createZstdDecompress === undefined) yield* unzstdInScript(bytes)
  else
    yield* through(bytes, createZstdDecompress({ ...PIECES, ...(ZSTD_d_windowLogMax === undefined ? {} : { params: { [ZSTD_d_windowLogMax]: 27 } }) }), 'zstd')
}

async function* through(bytes: AsyncGenerator<Uint8Array, void, void>, transform: Transform, compression: Compression): AsyncGenerator<Uint8Array, void, void> {
  let failure: unknown
  const flow = pipeline(Readable.from(bytes, { objectMode: true, highWaterMark: 1 }), transform).catch((error: unknown) => {
    failure = error
  })
  try {
    for await (const part of transform) yield part as Uint8Array
  } catch (error) {
    await flow
    throw damaged(failure ?? error, compression)
  } finally {
    transform.destroy()
    await flow
  }
}

/** What the decoder in JavaScript is given at once: what comes out of it is there all at once. */
const SCRIPT_CHUNK = 256 * 1024

/** fzstd does not compare checksums: what comes out has a digest that is verified. */
async function* unzstdInScript(bytes: AsyncGenerator<Uint8Array, void, void>): AsyncGenerator<Uint8Array, void, void> {
  const { Decompress } = await import('fzstd')
  const ready: Uint8Array[] = []
  const decoder = new Decompress((part) => {
    if (part.length > 0) ready.push(part)
  })
  const push = (part: Uint8Array, last: boolean) => {
    try {
      decoder.push(part, last)
    } catch (error) {
      throw damaged(error, 'zstd')
    }
  }
  for await (const part of bytes) {
    for (let at = 0; at < part.length; at += SCRIPT_CHUNK) {
      // The decoder keeps what it is given.
      push(part.slice(at, at + SCRIPT_CHUNK), false)
      yield* ready.splice(0)
    }
  }
  push(new Uint8Array(), true)
  yield* ready
}

/** What the decoder says; what comes from the source is left as it is. */
function damaged(error: unknown, compression: Compression): unknown {
  const { code, message, errno } = error as NodeJS.ErrnoException
  const ofDecoder =
    (typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)) ||
    (typeof code === 'number' && !(error instanceof LichenError) && errno === undefined)
  if (!ofDecoder) return error
  const cutShort = code === 'Z_BUF_ERROR' || /unexpected (end of file|EOF)/i.test(message)
  return new LichenError(cutShort ? `the ${compression} stream is cut short` : `the ${compression} stream is damaged: ${message}`, {
    code: 'DAMAGED_STREAM',
    cause: error,
  })
}
