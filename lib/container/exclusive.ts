import { LichenError } from '../system/errors.ts'
import { readJson } from '../system/files.ts'
import { withLock } from '../system/lock.ts'
import type { ContainerPaths } from '../system/paths.ts'
import { mkdir, rm } from '../system/small-files.ts'
import type { ContainerRecord } from './record.ts'
import { monitorAlive, observe } from './state.ts'
import { until } from './until.ts'
import type { ContainerView } from './view.ts'

/**
 * Runs `change` while no other command changes this container's state, with a view that is true under the
 * lock. Starting and removing go through here, so neither meets the other half-way. Throws CONTAINER_NOT_FOUND where it
 * has been removed meanwhile.
 */
export async function exclusively<T>(view: ContainerView, change: (now: ContainerView) => Promise<T>): Promise<T> {
  const { paths } = view
  return withMutex(paths, async () => {
    const record = await readJson<ContainerRecord>(paths.record)
    if (record === undefined) {
      // The folder that was just made, for nothing. Others may be in here as well: the last one tidies up.
      await rm(paths.runDir, { recursive: true, force: true }).catch(() => undefined)
      throw new LichenError(`No such container: ${view.record.name}`, { code: 'CONTAINER_NOT_FOUND', exitCode: 1 })
    }
    return change(await settled(await observe(record, paths, true)))
  })
}

/** Who removes the container takes the folder away as well, be it between our two steps. */
async function withMutex<T>(paths: ContainerPaths, fn: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await mkdir(paths.runDir, { recursive: true, mode: 0o700 })
      return await withLock(paths.mutex, 'exclusive', fn)
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' || (path !== paths.mutex && path !== paths.runDir)) throw error
    }
  }
}

/** A monitor without a live record, although nobody starts it: its launcher was killed, and it goes on alone. */
async function settled(view: ContainerView): Promise<ContainerView> {
  if (view.live !== undefined || !(await monitorAlive(view.paths))) return view
  return until(view, ({ now, monitored }) => now.live !== undefined || !monitored)
}
