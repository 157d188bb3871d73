import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { watchPath } from '../system/watch.ts'
import type { Event } from './event.ts'

export interface ReadEventsOptions {
  /** What is in the log already, too. */
  history: boolean
  /** Resolves when nothing later is wanted; undefined: what is there now, and no more. */
  end: Promise<unknown> | undefined
}

/** Events in the order in which they were logged, over one rotation. Lines that are none are passed over. */
export async function* readEvents(path: string, { history, end }: ReadEventsOptions): AsyncGenerator<Event> {
  let dirty = false
  let over = end === undefined
  let wake = () => {}
  const touch = () => {
    dirty = true
    wake()
  }
  // Before anything is read: what comes later is not missed.
  const watcher = end === undefined ? undefined : watchPath(dirname(path), touch)
  end?.finally(() => {
    over = true
    touch()
  })
  let current = await openFile(path)
  try {
    if (history) yield* await olderEvents(path, current)
    else await current?.skip()
    for (;;) {
      const last = over
      if (current !== undefined) yield* await current.events()
      const younger = await openFile(path)
      if (younger === undefined || younger.inode === current?.inode) {
        await younger?.close()
        if (last) return
        if (!dirty) await new Promise<void>((resolve) => (wake = resolve))
        dirty = false
        continue
      }
      // What was written between the last look and the rotation.
      if (current !== undefined) yield* await current.events()
      await current?.close()
      current = younger
    }
  } finally {
    watcher?.close()
    await current?.close()
  }
}

/** Those that were rotated out, unless that was done since `current` was opened. */
async function olderEvents(path: string, current: LogFile | undefined): Promise<Event[]> {
  const older = await openFile(`${path}.1`)
  try {
    return older === undefined || older.inode === current?.inode ? [] : await older.events()
  } finally {
    await older?.close()
  }
}

interface LogFile {
  inode: number
  /** Those in whole lines behind what was read before. */
  events(): Promise<Event[]>
  skip(): Promise<void>
  close(): Promise<void>
}

async function openFile(path: string): Promise<LogFile | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const { ino } = await file.stat()
  let position = 0
  return {
    inode: ino,
    async events() {
      const { size } = await file.stat()
      if (size <= position) return []
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - position), 0, size - position, position)
      const whole = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1
      position += whole
      return buffer.subarray(0, whole).toString('utf8').split('\n').flatMap(parse)
    },
    async skip() {
      position = (await file.stat()).size
    },
    close: () => file.close(),
  }
}

function parse(line: string): Event[] {
  try {
    const event = JSON.parse(line) as Event
    return typeof event.time === 'string' && typeof event.type === 'string' && typeof event.action === 'string' ? [event] : []
  } catch {
    return []
  }
}
