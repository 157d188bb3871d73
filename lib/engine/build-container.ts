import { closeSync, fstatSync, openSync, unlinkSync } from 'node:fs'
import { mkdir, readdir, unlink } from 'node:fs/promises'
import { listScratch, sessionScratch } from '../build/scratch.ts'
import { allocateContainer } from '../container/allocate.ts'
import { BUILD_LABEL, isBeingBuilt } from '../container/build-label.ts'
import { listContainers } from '../container/list.ts'
import type { VolumeMount } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import type { ImageConfig } from '../image/manifest.ts'
import type { CreateOptions } from '../plan/options.ts'
import { plainOptions } from '../plan/plain-options.ts'
import { chooseDriver } from '../storage/choose.ts'
import { removeTree, removeTrees } from '../storage/remove.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { isLocked, withFreeLock } from '../system/lock.ts'
import { buildSessionsDir, type ContainerPaths, containerPaths } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import { collectGarbage } from './collect-garbage.ts'
import { removeContainer } from './remove.ts'

/** A build that runs: as long as its lock is held, its containers are nobody else's to remove. */
export interface BuildSession {
  id: string
  /** Nobody waits for it any more: what takes long ends early. */
  signal: AbortSignal
  close(): void
}

const sessionsDir = (context: Context) => buildSessionsDir(context.paths)

/** Sweeps up what others have left, and takes everything of its own away in the end. */
export async function withBuildSession<T>(context: Context, signal: AbortSignal, fn: (session: BuildSession) => Promise<T>): Promise<T> {
  // What a killed one has left in the store goes as well, or nobody would come by to collect it.
  if (await sweepBuilds(context)) await collectGarbage(context)
  const session = await openSession(context, signal)
  try {
    return await fn(session)
  } finally {
    await removeTree({ context, identity: await hostIdentity(context), path: sessionScratch(context, session.id) })
    session.close()
  }
}

async function openSession(context: Context, signal: AbortSignal): Promise<BuildSession> {
  await mkdir(sessionsDir(context), { recursive: true, mode: 0o700 })
  for (;;) {
    const id = randomHex(6)
    const path = `${sessionsDir(context)}/${id}`
    const fd = openSync(path, 'wx', 0o600)
    if (!addon.flock({ fd, mode: 'exclusive' })) await addon.flock({ fd, mode: 'exclusive', wait: true })
    // Somebody who swept up took it for one that was left: a lock on nothing.
    if (fstatSync(fd).nlink === 0) {
      closeSync(fd)
      continue
    }
    return {
      id,
      signal,
      close() {
        unlinkSync(path)
        closeSync(fd)
      },
    }
  }
}

/** Removes the containers of builds that were killed, and their locks; whether there were any. */
export async function sweepBuilds(context: Context): Promise<boolean> {
  let found = false
  const views = (await listContainers(context)).filter(({ record }) => record.options.labels[BUILD_LABEL] !== undefined)
  for (const view of views) {
    if (!isBeingBuilt(context, view.record)) await dropContainer(context, view)
  }
  const scratch = (await listScratch(context)).filter(({ lock }) => !isLocked(lock)).map(({ path }) => path)
  if (scratch.length > 0) await removeTrees({ context, identity: await hostIdentity(context), paths: scratch })
  for (const name of await readdir(sessionsDir(context)).catch(() => [])) {
    const path = `${sessionsDir(context)}/${name}`
    // Under its lock: of a session that has just made it, and has it not locked yet, it would be a lock on nothing.
    const gone = await withFreeLock(path, 'exclusive', async () => unlink(path).then(() => true))
    found ||= gone === true
  }
  return found
}

/** Somebody else may have been quicker. */
export async function dropContainer(context: Context, view: ContainerView): Promise<void> {
  try {
    await removeContainer(context, view, { force: true, volumes: true })
  } catch (error) {
    if (!(error instanceof LichenError) || error.code !== 'CONTAINER_NOT_FOUND') throw error
  }
}

export interface WorkInput {
  context: Context
  session: BuildSession
  /** diffIDs, bottom first. */
  layers: string[]
  config?: ImageConfig
  options?: Partial<CreateOptions>
  mounts?: (paths: ContainerPaths) => VolumeMount[]
  /** Else the one that is chosen for all. */
  driver?: 'vfs'
}

/** A container upon layers, for one step of a build: an ordinary one, named so that everybody sees what it is. */
export async function workContainer({ context, session, layers, config = {}, options = {}, mounts = () => [], ...wish }: WorkInput): Promise<ContainerView> {
  const driver = wish.driver ?? (await chooseDriver({ context, identity: await hostIdentity(context) })).driver
  const id = randomHex(32)
  const { record, paths } = await allocateContainer(
    context,
    {
      version: 1,
      id,
      name: `build-${session.id}-${id.slice(0, 6)}`,
      created: new Date().toISOString(),
      image: { id: '', reference: '<build>', config, layers },
      storageDriver: driver,
      options: { ...stepOptions, ...options, labels: { [BUILD_LABEL]: session.id } },
      ports: [],
      mounts: mounts(containerPaths(context.paths, id)),
    },
    () => ({}),
  )
  return { record, paths, status: 'created', live: undefined, exit: undefined }
}

const stepOptions: CreateOptions = {
  ...plainOptions,
  image: '<build>',
  entrypoint: [],
  hostname: 'buildkitsandbox',
  pull: 'never',
  logDriver: 'none',
  sigProxy: false,
}
