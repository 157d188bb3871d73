import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { temporaryDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import type { Archive, ArchiveFile } from './archive.ts'
import { type Bytes, bytesOfStream, truncated } from './archive-bytes.ts'
import { indexTar } from './archive-tar.ts'
import { adoptBlob, putBlob, TEMPORARY_PREFIX, writeAll } from './blobs.ts'
import { sha256 } from './digest.ts'

/** What stays in memory: the documents of an archive. Of one file, and of all; bytes. */
const SMALL = 256 * 1024
const SMALL_TOTAL = 16 * 1024 * 1024
/** Read behind the end, so that a pipe's writer and a decompressor can finish. */
const TAIL_LIMIT = 1024 * 1024

/**
 * A tar that can be read only once, from front to end: what is large is put aside on the store's file system, hashed
 * while it passes, so that it can become a blob by its renaming. The caller holds off the collector (whileArriving).
 */
export async function spoolTar(context: Context, source: AsyncIterable<Uint8Array>): Promise<Archive> {
  const folder = `${temporaryDir(context.paths)}/${TEMPORARY_PREFIX}spool-${randomHex(8)}`
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const iterator = source[Symbol.asyncIterator]()
  const bytes = bytesOfStream(iterator)
  const close = async () => {
    await Promise.resolve(iterator.return?.()).catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  }
  let kept = 0
  let number = 0
  try {
    const index = await indexTar(bytes, async ({ size }) => {
      if (size > SMALL || kept + size > SMALL_TOTAL) return spoolFile(context, bytes, size, `${folder}/${number++}`)
      kept += size
      return inMemory(context, await wholly(bytes, size))
    })
    for (let left = TAIL_LIMIT; left > 0; ) {
      const part = await bytes.take(Math.min(left, 64 * 1024))
      left = part.length === 0 ? 0 : left - part.length
    }
    return { ...index, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function wholly(bytes: Bytes, size: number): Promise<Buffer> {
  const content = await bytes.take(size)
  if (content.length < size) throw truncated()
  return content
}

function inMemory(context: Context, content: Buffer): ArchiveFile {
  return {
    size: content.length,
    async *stream() {
      yield content
    },
    digest: async () => sha256(content),
    async adopt() {
      await putBlob(context, content)
    },
  }
}

async function spoolFile(context: Context, bytes: Bytes, size: number, path: string): Promise<ArchiveFile> {
  const file = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  try {
    for await (const part of bytes.pass(size)) {
      hash.update(part)
      await writeAll(file, part)
    }
  } finally {
    await file.close()
  }
  const digest = `sha256:${hash.digest('hex')}`
  let at = path
  return {
    size,
    stream: () => createReadStream(at, { highWaterMark: 256 * 1024 }),
    digest: async () => digest,
    async adopt() {
      at = await adoptBlob(context, digest, path)
    },
  }
}
