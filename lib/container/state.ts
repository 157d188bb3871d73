import { addon } from '../system/addon.ts'
import { closeSync, openSync, readFileSync } from '../system/fs.ts'
import { isLocked } from '../system/lock.ts'
import type { ContainerPaths } from '../system/paths.ts'
import type { ContainerRecord, ContainerStatus, ExitRecord, HealthRecord, LiveRecord } from './record.ts'
import type { ContainerView } from './view.ts'

/**
 * Derives what a container is doing. Running is whoever holds the lock, never a pid number: a monitor that was
 * killed, a reboot and a recycled pid all end in "exited" without anybody's help. `exclusive`: the caller holds the mutex.
 */
export async function observe(record: ContainerRecord, paths: ContainerPaths, exclusive = false): Promise<ContainerView> {
  const view = await observeLife(record, paths, exclusive)
  // What is never checked has no record to look for.
  if (record.options.health === undefined && record.image.config.Healthcheck === undefined) return view
  return { ...view, health: await readRecord<HealthRecord>(paths.health) }
}

async function observeLife(record: ContainerRecord, paths: ContainerPaths, exclusive: boolean): Promise<ContainerView> {
  if (await monitorAlive(paths)) {
    const live = await readRecord<LiveRecord>(paths.live)
    if (live?.restarting) return { record, paths, status: 'restarting', live, exit: live.last ?? undefined }
    const status = live === undefined ? 'created' : runningStatus(live)
    return { record, paths, status, live, exit: undefined }
  }
  const exit = await readRecord<ExitRecord>(paths.exit)
  if (exit !== undefined && neverStarted(exit)) return { record, paths, status: 'created', live: undefined, exit }
  // A start leaves this word behind for the case that all who know better are killed; until there is a monitor it says nothing.
  const starting = exit !== undefined && isLastWord(exit) && !exclusive && isLocked(paths.mutex)
  if (exit === undefined || starting) return { record, paths, status: 'created', live: undefined, exit: undefined }
  return { record, paths, status: 'exited', live: undefined, exit }
}

/** All starts so far have failed: the record says how. */
export const neverStarted = (exit: ExitRecord) => exit.startedAt?.startsWith('0001-') === true

/** No monitor wrote this record: see `leaveLastWord`. */
export const isLastWord = (exit: ExitRecord) => exit.finishedAt.startsWith('0001-')

/** Whether a monitor holds the container's lock. */
export async function monitorAlive(paths: ContainerPaths): Promise<boolean> {
  let fd: number
  try {
    fd = openSync(paths.lock, 'r')
  } catch {
    return false
  }
  try {
    return addon.ofdTest({ fd })
  } finally {
    closeSync(fd)
  }
}

function runningStatus(live: LiveRecord): ContainerStatus {
  if (live.cgroup === '') return 'running'
  try {
    return readFileSync(`${live.cgroup}/cgroup.freeze`, 'utf8').trim() === '1' ? 'paused' : 'running'
  } catch {
    return 'running'
  }
}

/** A record of the monitor's, or undefined while there is none or it can't be read. */
export async function readRecord<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch {
    return undefined
  }
}
