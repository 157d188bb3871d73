import { createHash } from 'node:crypto'
import { LichenError } from '../system/errors.ts'
import { sha256 } from './digest.ts'

/** The files of an image archive, wherever they lie. Paths are relative, without ./ in front. */
export interface Archive {
  /** Undefined where there is none. Links are followed, within the archive. Throws BAD_ARCHIVE. */
  find(path: string): Promise<ArchiveFile | undefined>
  /** Some paths, to guess what it is if it is no image archive. */
  sample: readonly string[]
  close(): Promise<void>
}

export interface ArchiveFile {
  /** Bytes. */
  size: number
  stream(): AsyncIterable<Uint8Array>
  /** Of the content, computed. */
  digest(): Promise<string>
  /** Makes it a blob of the store without a copy; what can't do so has none. */
  adopt?(): Promise<void>
}

export async function digestOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of source) hash.update(part)
  return `sha256:${hash.digest('hex')}`
}

/** A document of an archive. Throws BAD_ARCHIVE where it is larger than `limit`. */
export async function readArchiveFile(file: ArchiveFile, what: string, limit: number): Promise<Buffer> {
  if (file.size > limit) throw badArchive(`${what} has ${file.size} bytes, more than the ${limit} that are taken`)
  const parts: Uint8Array[] = []
  for await (const part of file.stream()) parts.push(part)
  return Buffer.concat(parts)
}

/** A file named by its digest, checked. Undefined where there is none. Throws BLOB_MISMATCH, BAD_ARCHIVE. */
export async function readArchiveBlob(archive: Archive, path: string, digest: string, limit: number): Promise<Buffer | undefined> {
  const file = await archive.find(path)
  if (file === undefined) return undefined
  const bytes = await readArchiveFile(file, path, limit)
  if (sha256(bytes) === digest) return bytes
  throw new LichenError(`${path} is not what its name says: its content has the digest ${sha256(bytes)}`, {
    code: 'BLOB_MISMATCH',
    hint: 'the archive is damaged, or somebody tampers with it',
  })
}

export const badArchive = (message: string, hint?: string): LichenError =>
  new LichenError(message, { code: 'BAD_ARCHIVE', ...(hint === undefined ? {} : { hint }) })

/**
 * `path`, relative to the folder `from`, without dots. Throws BAD_ARCHIVE where it leads out of the archive.
 */
export function archivePath(path: string, from = ''): string {
  const parts = from === '' ? [] : from.split('/')
  if (path.startsWith('/')) parts.length = 0
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined)
      throw badArchive(`the path ${JSON.stringify(path)} leads out of the archive`, "nobody makes such an archive by accident: don't trust it")
  }
  return parts.join('/')
}

/** An error about a file that somebody gave, with the file's name in front. */
export function ofSource(source: string, error: unknown): unknown {
  if (!(error instanceof LichenError) || ['NO_SUCH_FILE', 'DISK_FULL', 'NO_HELPER', 'DOWNLOAD_FAILED', 'BAD_REDIRECT'].includes(error.code)) return error
  const { code, hint, exitCode } = error
  return new LichenError(`${source}: ${error.message}`, { code, exitCode, cause: error, ...(hint === undefined ? {} : { hint }) })
}
