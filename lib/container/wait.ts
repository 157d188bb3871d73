import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { closeSync, openSync, readFileSync } from '../system/fs.ts'
import type { ContainerPaths } from '../system/paths.ts'
import type { ExitRecord } from './record.ts'
import { readRecord } from './state.ts'
import { type ContainerView, isActive } from './view.ts'

/**
 * Waits until the container's monitor has let go of its lock, by which time its exit record stands.
 * True: it has ended. False: `milliseconds` went by first.
 */
export async function waitForExit(view: ContainerView, milliseconds: number | undefined): Promise<boolean> {
  const fd = await openLock(view.paths)
  if (fd === undefined) return true
  // Nobody can call off the wait; its thread ends with the container, or with this process.
  const ended = addon.ofdLock({ fd, mode: 'read', wait: true }).finally(() => closeSync(fd))
  if (milliseconds === undefined) return ended
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  return Promise.race([ended, late]).finally(() => clearTimeout(timer))
}

/**
 * How the container ends, even where it is removed in the same moment: whoever removes it leaves its exit record in the lock
 * file, which is open here by then. Undefined: it was never started, or nobody knows. Throws CONTAINER_NOT_FOUND.
 */
export async function exitRecordOf(view: ContainerView): Promise<ExitRecord | undefined> {
  const fd = await openLock(view.paths)
  if (fd === undefined) {
    if (isActive(view)) throw new LichenError(`No such container: ${view.record.name}`, { code: 'CONTAINER_NOT_FOUND', exitCode: 1 })
    return view.exit
  }
  try {
    if (!isActive(view) && !addon.ofdTest({ fd })) return view.exit
    await addon.ofdLock({ fd, mode: 'read', wait: true })
    const record = await readRecord<ExitRecord>(view.paths.exit)
    if (record !== undefined) return record
    const left = readFileSync(fd, 'utf8')
    return left === '' ? undefined : (JSON.parse(left) as ExitRecord)
  } finally {
    closeSync(fd)
  }
}

/** The lock of a monitor, open for waiting; undefined where the container was never started since the machine was. */
async function openLock(paths: ContainerPaths): Promise<number | undefined> {
  try {
    return openSync(paths.lock, 'r')
  } catch {
    return undefined
  }
}
