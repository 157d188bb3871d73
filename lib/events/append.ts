import { withFreeLock } from '../system/lock.ts'
import { rename, stat, writeFile } from '../system/small-files.ts'
import type { Event } from './event.ts'

/** native/runtime/events.c has the same. There is one older log of this size. */
const MOST = 1 << 20

/**
 * Appends events to the log, in one write, which O_APPEND puts behind all others: no lock is needed, but on NFS, where two machines may write
 * over each other. The line end in front ends what a full disk has left of somebody else's line. What can't be written is not told: no command fails for it.
 */
export async function appendEvents(path: string, events: readonly Omit<Event, 'time'>[]): Promise<void> {
  const time = `${new Date().toISOString().slice(0, -1)}000000Z`
  try {
    await writeFile(path, events.map((event) => `\n${JSON.stringify({ time, ...event })}\n`).join(''), { flag: 'a', mode: 0o600 })
    if ((await stat(path)).size >= MOST) await rotate(path)
  } catch {
    // The next event may have more luck.
  }
}

/** Whoever finds it too long moves it out of the way, one at a time; who has it open still writes to the old one, which is read too. */
async function rotate(path: string): Promise<void> {
  await withFreeLock(path, 'exclusive', async () => {
    if ((await stat(path)).size >= MOST) await rename(path, `${path}.1`)
  })
}
