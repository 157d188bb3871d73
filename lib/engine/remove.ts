import { removeCgroup } from '../cgroup/control.ts'
import { releaseNames, sweepAborted } from '../container/allocate.ts'
import { isBeingBuilt } from '../container/build-label.ts'
import { discardContainer, type Grave, graves, recordIn } from '../container/discard.ts'
import { exclusively } from '../container/exclusive.ts'
import { imagesOf } from '../container/images.ts'
import type { ContainerRecord, LiveRecord } from '../container/record.ts'
import { observe, readRecord } from '../container/state.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { hasImage } from '../image/store.ts'
import { removeTree } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { tryLockFolder } from '../system/lock.ts'
import { buildSessionsDir, containerPaths } from '../system/paths.ts'
import { readdir, rm } from '../system/small-files.ts'
import { traced } from '../system/trace.ts'
import { collectGarbage } from './collect-garbage.ts'
import { recordContainerEvent } from './record-event.ts'
import { removeUnused } from './remove-volumes.ts'
import { killContainer } from './stop.ts'

export interface RemoveOptions {
  /** A running container is killed first. */
  force: boolean
  /** Its anonymous volumes go too. */
  volumes: boolean
}

/** Removes a container: out of sight in one step, then its files. Needs no free disk space. Throws STILL_RUNNING, CONTAINER_NOT_FOUND. */
export async function removeContainer(context: Context, view: ContainerView, options: RemoveOptions): Promise<void> {
  await fill(context, await discard(context, view, options))
}

async function discard(context: Context, view: ContainerView, { force, volumes }: RemoveOptions): Promise<Grave> {
  const grave = await exclusively(view, async (now) => {
    if (!isActive(now)) {
      if (!force && isBeingBuilt(context, now.record)) throw stillBuilding(now)
      await clearCgroup(now)
      return discardContainer(context, now, volumes)
    }
    if (!force) throw stillRunning(now)
    await killContainer(now)
    return discardContainer(context, await observe(now.record, now.paths, true), volumes)
  })
  await recordContainerEvent(view, 'destroy')
  return grave
}

/** What a monitor that was killed has left: a cgroup of our making. A scope is the service manager's to remove. */
async function clearCgroup({ record, paths }: ContainerView): Promise<void> {
  const cgroup = (await readRecord<LiveRecord>(paths.live))?.cgroup ?? ''
  if (cgroup.endsWith(`/lichen-${record.id}`)) await removeCgroup(cgroup)
}

/** The end of a container that was started with --rm. Somebody else, its monitor's cleanup for one, may have been quicker. */
export async function removeAfterExit(context: Context, view: ContainerView): Promise<void> {
  const grave = await discardAfterExit(context, view)
  if (grave !== undefined) await fill(context, grave)
}

/** The same, but that mere deleting is left to the monitor, which has time for it: 'discarded', in the words of `Launched`. */
export async function leaveAfterExit(context: Context, view: ContainerView): Promise<'removed' | 'discarded'> {
  const grave = await discardAfterExit(context, view)
  if (grave !== undefined && anonymousVolumes(view.record).length === 0 && !(await lacksImages(context, view.record))) return 'discarded'
  if (grave !== undefined) await fill(context, grave)
  return 'removed'
}

async function discardAfterExit(context: Context, view: ContainerView): Promise<Grave | undefined> {
  try {
    return await traced('discard the container', () => discard(context, view, { force: false, volumes: true }))
  } catch (error) {
    if (!(error instanceof LichenError) || (error.code !== 'CONTAINER_NOT_FOUND' && error.code !== 'STILL_RUNNING')) throw error
    return undefined
  }
}

const builds = () => import('./build-container.ts')

/** Goes on with what was cut short: removals, the making of containers, and builds. */
export async function finishRemovals(context: Context): Promise<void> {
  await sweepAborted(context)
  if ((await readdir(buildSessionsDir(context.paths)).catch(() => [])).length > 0) {
    await (await builds()).sweepBuilds(context)
  }
  for (const grave of await graves(context)) await fill(context, grave)
}

/** Deletes what is left of a container, the volumes first: they are known from its record. */
async function fill(context: Context, grave: Grave): Promise<void> {
  const unlock = await tryLockFolder(grave.path)
  // Somebody else is at it, or has done it.
  if (unlock === undefined) return
  try {
    const identity = await hostIdentity(context)
    const record = await recordIn(grave)
    if (record !== undefined) {
      // Nothing to do but after a crash in the middle of discardContainer.
      await releaseNames(context, record)
      await rm(containerPaths(context.paths, record.id).runDir, { recursive: true, force: true }).catch(() => undefined)
      // Another container may have them too, by --volumes-from.
      if (grave.volumes) await removeUnused(context, anonymousVolumes(record))
    }
    await removeTree({ context, identity, path: grave.path })
    await collectUnderIt(context, record)
  } finally {
    await unlock()
  }
}

const anonymousVolumes = ({ mounts }: ContainerRecord) => mounts.filter(({ type, anonymous }) => type === 'volume' && anonymous).map(({ name }) => name)

/** The last container of an image that was removed before it takes the layers with it. */
async function collectUnderIt(context: Context, record: ContainerRecord | undefined): Promise<void> {
  if (record !== undefined && (await lacksImages(context, record))) await collectGarbage(context)
}

async function lacksImages(context: Context, record: ContainerRecord): Promise<boolean> {
  const ids = imagesOf(record).filter((id) => id !== '')
  const there = await Promise.all(ids.map((id) => hasImage(context, id)))
  return there.includes(false)
}

const stillBuilding = ({ record }: ContainerView) =>
  new LichenError(`container ${record.name} belongs to a build that goes on`, {
    code: 'STILL_RUNNING',
    exitCode: 1,
    hint: `end the build; or lichen rm -f ${record.name}, and the build fails`,
  })

function stillRunning({ record, status }: ContainerView): LichenError {
  const id = record.id.slice(0, 12)
  return new LichenError(
    `cannot remove container "/${record.name}": container is ${status}: ${status === 'paused' ? 'unpause and then stop' : 'stop'} the container before removing or force remove`,
    { code: 'STILL_RUNNING', exitCode: 1, hint: `lichen stop ${id}, or lichen rm -f ${id}` },
  )
}
