import { closeLog, LineReader, type LogFile, openLog, skipToTail } from './files.ts'
import { jsonFileDecoder } from './json-file.ts'
import { k8sFileDecoder } from './k8s-file.ts'
import type { LogPiece, LogWish } from './records.ts'

export interface ReadLogOptions {
  path: string
  driver: 'json-file' | 'k8s-file'
  wish: LogWish
  /** The last records only; undefined: all. */
  tail: number | undefined
  /** Goes on with what is written later; undefined: what is there now. */
  follow: FollowedLog | undefined
}

/** Tells a reader when to look again. */
export interface FollowedLog {
  /** Resolves when something may have been written since it was last called, or `ended` has become true. */
  changed(): Promise<void>
  /** Nothing will be written any more. */
  ended(): boolean
}

/** What a container wrote, in order, over rotated files; a piece is valid until the next. A log that does not exist yet is empty. */
export async function* readLog({ path, driver, wish, tail, follow }: ReadLogOptions): AsyncGenerator<LogPiece> {
  const reader = new LineReader()
  const decoder = driver === 'json-file' ? jsonFileDecoder(wish) : k8sFileDecoder(wish)
  let files = (await openLog(path)) ?? []
  try {
    if (tail !== undefined) await skipToTail(files, tail)
    for (;;) {
      // Asked before reading: what was written before the end is then read for certain.
      const last = follow === undefined || follow.ended()
      for (const [at, file] of files.entries()) {
        const over = last || at < files.length - 1
        for (let lines = await reader.next(file, over); lines !== undefined; lines = await reader.next(file, over)) {
          const { pieces, done } = decoder.decode(lines)
          yield* pieces
          if (done) return
        }
      }
      const younger = await youngerFiles(path, files)
      if (younger.length > 0) {
        files = younger
        continue
      }
      if (last) return
      await follow.changed()
    }
  } finally {
    await closeLog(files)
  }
}

/** The last file, read once more, and what has been rotated in behind it; none where it is still the newest. Closes the others. */
async function youngerFiles(path: string, files: LogFile[]): Promise<LogFile[]> {
  const current = files.at(-1)
  if (current === undefined) return (await openLog(path)) ?? []
  const younger = await openLog(path, current.inode)
  // Not there at all: removed with its container, or rotated out by a flood; then all that is left is younger.
  const found = younger ?? (await openLog(path)) ?? []
  if (found.length === 0) {
    const { size } = await current.handle.stat()
    if (size < current.position) current.position = 0
    return []
  }
  await closeLog(files.slice(0, -1))
  return [current, ...found]
}
