import { close, open } from 'node:fs'
import { promisify } from 'node:util'
import { addon } from '../system/addon.ts'
import type { ContainerView } from './view.ts'

const openFile = promisify(open)
const closeFile = promisify(close)

/**
 * Waits until the container's monitor has let go of its lock, by which time its exit record stands.
 * True: it has ended. False: `milliseconds` went by first.
 */
export async function waitForExit(view: ContainerView, milliseconds: number | undefined): Promise<boolean> {
  let fd: number
  try {
    fd = await openFile(view.paths.lock, 'r')
  } catch {
    return true
  }
  try {
    if (milliseconds === undefined) {
      await addon.ofdLock({ fd, mode: 'read', wait: true })
      return true
    }
    const end = performance.now() + milliseconds
    // A lock can't be waited for with a bound; short naps keep `stop` within a few milliseconds of the truth.
    for (let nap = 1; ; nap = Math.min(nap * 2, 50)) {
      if (!addon.ofdTest({ fd })) return true
      const left = end - performance.now()
      if (left <= 0) return false
      await new Promise((resolve) => setTimeout(resolve, Math.min(nap, left)))
    }
  } finally {
    await closeFile(fd)
  }
}
