import { close as closeFd, constants, createReadStream, fstat as fstatFd, open as openFd, type Stats } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { Archive } from './archive.ts'
import { passFile } from './archive-bytes.ts'
import { openFolder } from './archive-folder.ts'
import { spoolTar } from './archive-spool.ts'
import { openTarFile } from './archive-tar.ts'
import { compressionOf } from './compression.ts'
import { decompressAny } from './decompress-any.ts'

const close = promisify(closeFd)
const open = promisify(openFd)
const fstat = promisify(fstatFd)

const CHUNK = 256 * 1024

/** Where bytes come from: a path, or standard input. */
export type Source = { path: string } | { stdin: true }

export const sourceName = (source: Source): string => ('path' in source ? source.path : 'standard input')

/**
 * An image archive, in a file or a pipe, plain or compressed, or unpacked in a folder. What can be read only once is put aside
 * in the store: the caller holds off the collector (whileArriving) until it is closed.
 * Throws NO_SUCH_FILE, NOT_AN_ARCHIVE, DAMAGED_ARCHIVE, TRUNCATED_ARCHIVE, DAMAGED_STREAM, BAD_ARCHIVE.
 */
export async function openArchive(context: Context, source: Source, onRead: OnRead = () => {}): Promise<Archive> {
  if ('path' in source && (await isFolder(source.path))) {
    await access(source.path, constants.R_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => {
      throw unreadable(source.path, error)
    })
    return openFolder(source.path)
  }
  const { fd, start, status, release } = await openSource(source)
  try {
    const size = status.size
    if (status.isFile() && (await compressionOf(passFile(fd, start, size - start))) === 'none') {
      return { ...(await openTarFile(fd, start, size)), close: release }
    }
    const archive = await spoolTar(context, decompressAny(counted(bytesFrom({ fd, start, status }), status.isFile() ? size - start : 0, onRead)))
    return { ...archive, close: async () => void (await Promise.all([archive.close(), release()])) }
  } catch (error) {
    await release()
    throw error
  }
}

/** Bytes that have been read of what is put aside; `total` is 0 where nobody knows. */
export type OnRead = (current: number, total: number) => void

async function* counted(bytes: AsyncIterable<Uint8Array>, total: number, onRead: OnRead): AsyncGenerator<Uint8Array> {
  let current = 0
  for await (const piece of bytes) {
    current += piece.length
    onRead(current, total)
    yield piece
  }
}

interface Opened {
  fd: number
  /** Offset of the first byte that is ours. */
  start: number
  status: Stats
}

/** Throws NO_SUCH_FILE. */
export async function openSource(source: Source): Promise<Opened & { release(): Promise<void> }> {
  if ('stdin' in source) {
    const status = await fstat(0)
    return { fd: 0, start: status.isFile() ? await offsetOf(0) : 0, status, release: async () => {} }
  }
  const fd = await open(source.path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(source.path, error)
  })
  const status = await fstat(fd)
  if (!status.isDirectory()) return { fd, start: 0, status, release: () => close(fd) }
  await close(fd)
  throw unreadable(source.path, Object.assign(new Error(), { code: 'EISDIR' }))
}

/** What is left of a file, or what a pipe gives. The descriptor stays open. */
export const bytesFrom = ({ fd, start, status }: Opened): AsyncIterable<Uint8Array> =>
  status.isFile() ? passFile(fd, start, status.size - start) : createReadStream('', { fd, autoClose: false, highWaterMark: CHUNK })

/** `(head -c 5; lichen load) < FILE` begins where the other left off. */
async function offsetOf(fd: number): Promise<number> {
  return Number(/^pos:\s*(\d+)/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? 0)
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException)
  }
}

function unreadable(path: string, error: NodeJS.ErrnoException): LichenError {
  const reason = { ENOENT: 'no such file or directory', EACCES: 'permission denied', EISDIR: 'is a directory' }[error.code ?? ''] ?? error.message
  return new LichenError(`open ${path}: ${reason}`, { code: 'NO_SUCH_FILE', exitCode: 1, cause: error })
}
