import type { FileHandle } from 'node:fs/promises'
import { builtin } from '../system/builtin.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { syncFolder } from '../system/files.ts'
import { blobsDir, temporaryDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import { reclaim } from '../system/reclaim.ts'
import { mkdir, readFile, rename, stat, unlink } from '../system/small-files.ts'
import { checkDigest, digestHex, sha256 } from './digest.ts'

/** Of unfinished files in the folder for temporary ones; `collect` removes what a crash left behind. */
export const TEMPORARY_PREFIX = 'image-'

/** Throws BAD_DIGEST. */
export const blobPath = (context: Context, digest: string): string => `${blobsDir(context.paths)}/${digestHex(digest)}`

/** Bytes; undefined where it is not here. */
export async function blobSize(context: Context, digest: string): Promise<number | undefined> {
  try {
    return (await stat(blobPath(context, digest))).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export const readBlob = (context: Context, digest: string): Promise<Buffer> => readFile(blobPath(context, digest))

export const streamBlob = (context: Context, digest: string): AsyncIterable<Uint8Array> =>
  builtin.fs.createReadStream(blobPath(context, digest), { highWaterMark: 256 * 1024 })

/** Stores bytes that are at hand; gives their digest. */
export async function putBlob(context: Context, bytes: Uint8Array): Promise<string> {
  const digest = sha256(bytes)
  await storeBlob(context, { digest, size: bytes.length, what: 'blob' }, [bytes])
  return digest
}

export interface ExpectedBlob {
  digest: string
  /** Bytes; undefined where nobody said. */
  size: number | undefined
  /** For messages: `layer sha256:... of docker.io/library/busybox:latest`. */
  what: string
}

/**
 * Stores what comes, byte by byte as it is, if it is what was promised; it is seen by others only once it is verified
 * and synced. `consume` gets the same bytes as they pass, and may stop early.
 * Throws BLOB_MISMATCH, and what the source or `consume` throws; then nothing is left.
 */
export async function storeBlob<T = void>(
  context: Context,
  expected: ExpectedBlob,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  consume?: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T | undefined> {
  checkDigest(expected.digest, expected.what)
  return (await store(context, expected, source, consume)).result
}

/** As storeBlob, of bytes whose digest nobody knows yet. */
export async function storeNewBlob<T>(
  context: Context,
  source: AsyncIterable<Uint8Array>,
  consume: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<{ digest: string; size: number; result: T }> {
  const { digest, size, result } = await store(context, undefined, source, consume)
  return { digest, size, result: result! }
}

async function store<T>(
  context: Context,
  expected: ExpectedBlob | undefined,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  consume?: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<{ digest: string; size: number; result: T | undefined }> {
  const temporary = await temporaryFile(context)
  const bytes = recorded(temporary.file, expected, source)
  try {
    const result = await consume?.(bytes.passing).catch(async (error: unknown) => {
      // What was damaged on the way can't be unpacked either: then the way is to be blamed, not the layer.
      await bytes.finish()
      throw error
    })
    const { digest, size } = await bytes.finish()
    await temporary.file.sync()
    await temporary.file.close()
    await mkdir(blobsDir(context.paths), { recursive: true, mode: 0o700 })
    await rename(temporary.path, blobPath(context, digest))
    await syncFolder(blobsDir(context.paths))
    return { digest, size, result }
  } catch (error) {
    await bytes.abandon()
    await temporary.file.close().catch(() => undefined)
    await unlink(temporary.path).catch(() => undefined)
    throw error
  }
}

/** Makes a file of the store's file system, whose digest the caller has computed, a blob; gives its new path. Done before: nothing happens. */
export async function adoptBlob(context: Context, digest: string, path: string): Promise<string> {
  const final = blobPath(context, digest)
  if ((await blobSize(context, digest)) !== undefined) return final
  const file = await builtin.promises.open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await mkdir(blobsDir(context.paths), { recursive: true, mode: 0o700 })
  await rename(path, final)
  await syncFolder(blobsDir(context.paths))
  return final
}

/** A new file on the store's file system, under a name that `collect` knows. */
async function temporaryFile(context: Context): Promise<{ path: string; file: FileHandle }> {
  const folder = temporaryDir(context.paths)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = `${folder}/${TEMPORARY_PREFIX}${randomHex(8)}`
  return { path, file: await builtin.promises.open(path, 'wx+', 0o600) }
}

function recorded(file: FileHandle, expected: ExpectedBlob | undefined, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const hash = builtin.crypto.createHash('sha256')
  const iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array> = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let size = 0
  let ended = false
  let failure: { error: unknown } | undefined
  // One piece is written while the next one is fetched.
  let writing: Promise<void> = Promise.resolve()

  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (ended) return { done: true, value: undefined }
    const step = await Promise.resolve(iterator.next()).catch((error: unknown) => {
      failure = { error }
      throw error
    })
    await writing
    if (step.done) {
      ended = true
      return { done: true, value: undefined }
    }
    size += step.value.length
    if (expected?.size !== undefined && size > expected.size) throw mismatch(expected, `it is longer than the ${expected.size} bytes that were announced`)
    writing = writeAll(file, step.value)
    writing.catch(() => undefined)
    hash.update(step.value)
    reclaim(step.value.length)
    return { done: false, value: step.value }
  }

  // A consumer that stops early ends only its own view: the rest is still read and verified by finish().
  const passing: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next, return: async () => ({ done: true, value: undefined }) }) }

  const finish = async () => {
    if (failure !== undefined) throw failure.error
    while (!(await next()).done);
    if (expected?.size !== undefined && size !== expected.size) throw mismatch(expected, `${size} bytes came, ${expected.size} were announced`)
    const digest = `sha256:${hash.digest('hex')}`
    if (expected !== undefined && digest !== expected.digest) throw mismatch(expected, `its content has the digest ${digest}`)
    return { digest, size }
  }
  /** Lets the source close what it holds; what it says of that no longer matters. */
  const abandon = async () => {
    ended = true
    await writing.catch(() => undefined)
    await Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
  return { passing, finish, abandon }
}

export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
}

const mismatch = ({ what }: ExpectedBlob, why: string) =>
  new LichenError(`${what} is not what was announced: ${why}`, {
    code: 'BLOB_MISMATCH',
    hint: 'the source is damaged, or somebody tampers with it; nothing was kept',
  })
