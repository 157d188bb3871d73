import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'

/** A log file and how much of it has been read. The file stays the same one when it is rotated away. */
export interface LogFile {
  handle: FileHandle
  inode: number
  position: number
}

const NEWLINE = 0x0a
const CHUNK = 1024 * 1024
/** More than any --log-opt max-file that makes sense; ends the search in a folder full of strange names. */
const MOST_FILES = 1000

/**
 * The log and its rotated forerunners (`log.1`, `log.2`, ...), oldest first; with `until` only those younger than that inode, and
 * undefined where it is not among them. The newest is opened first: a rotation meanwhile shows a file twice, and none is missed.
 */
export async function openLog(path: string, until?: number): Promise<LogFile[] | undefined> {
  const files: LogFile[] = []
  for (let at = 0; at < MOST_FILES; at++) {
    const handle = await openThere(at === 0 ? path : `${path}.${at}`)
    if (handle === undefined) {
      // Between the two steps of a rotation there is no newest file.
      if (at === 0) continue
      break
    }
    const { ino: inode } = await handle.stat()
    if (inode === until || files.some((file) => file.inode === inode)) {
      await handle.close()
      if (inode === until) return files.reverse()
      continue
    }
    files.push({ handle, inode, position: 0 })
  }
  if (until === undefined) return files.reverse()
  await closeLog(files)
  return undefined
}

async function openThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export async function closeLog(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()))
}

/** Moves the positions of files (oldest first) so that `count` records are left to read. */
export async function skipToTail(files: readonly LogFile[], count: number): Promise<void> {
  let wanted = count
  for (const file of [...files].reverse()) {
    const { size } = await file.handle.stat()
    const { position, found } = wanted === 0 ? { position: size, found: 0 } : await tailOf(file, size, wanted)
    file.position = position
    wanted -= found
  }
}

/** Where the last `wanted` lines of a file begin, and how many there are. */
async function tailOf({ handle }: LogFile, size: number, wanted: number): Promise<{ position: number; found: number }> {
  const chunk = Buffer.allocUnsafe(64 * 1024)
  let newlines = 0
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length)
    const { bytesRead } = await handle.read(chunk, 0, end - start, start)
    for (let at = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE); at !== -1; at = at === 0 ? -1 : chunk.lastIndexOf(NEWLINE, at - 1)) {
      // A newline in the very last place ends the last line; it begins none.
      if (start + at === size - 1) continue
      newlines++
      if (newlines === wanted) return { position: start + at + 1, found: wanted }
    }
    end = start
  }
  return { position: 0, found: size === 0 ? 0 : newlines + 1 }
}

/** Reads log files by whole lines, into one buffer that is used again. */
export class LineReader {
  #chunk = Buffer.allocUnsafe(CHUNK)

  /**
   * The next lines, about a MiB of them unless one is longer, valid until the next call; undefined at the end. With `toTheEnd`
   * what stands behind the last newline is a line as well: nobody will write the rest.
   */
  async next(file: LogFile, toTheEnd: boolean): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#chunk
      // At once: a trip to the thread pool for each MiB takes longer than its reading.
      const bytesRead = readSync(file.handle.fd, chunk, 0, chunk.length, file.position)
      const read = chunk.subarray(0, bytesRead)
      const atEnd = bytesRead < chunk.length
      const length = atEnd && toTheEnd ? bytesRead : read.lastIndexOf(NEWLINE) + 1
      if (length > 0) {
        file.position += length
        return read.subarray(0, length)
      }
      if (atEnd) return undefined
      this.#chunk = Buffer.allocUnsafe(2 * chunk.length)
    }
  }
}
