import { closeSync, fstatSync, openSync, unlinkSync } from 'node:fs'
import { mkdir, readdir, unlink } from 'node:fs/promises'
import { listScratch, sessionScratch } from '../build/scratch.ts'
import { allocateContainer } from '../container/allocate.ts'
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
import { isLocked } from '../system/lock.ts'
import { buildSessionsDir, type ContainerPaths, containerPaths } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import { removeContainer } from './remove.ts'

/** The label of containers that steps of a build work in; its value is the build's session. */
export const BUILD_LABEL = 'lichen.build'

/** A build that runs: as long as its lock is held, its containers are nobody else's to remove. */
export interface BuildSession {
  id: string
  close(): void
}

const sessionsDir = (context: Context) => buildSessionsDir(context.paths)

/** Sweeps up what others have left, and takes everything of its own away in the end. */
export async function withBuildSession<T>(context: Context, fn: (session: BuildSession) => Promise<T>): Promise<T> {
  await sweepBuilds(context)
  const session = await openSession(context)
  try {
    return await fn(session)
  } finally {
    await removeTree({ context, identity: await hostIdentity(context), path: sessionScratch(context, session.id) })
    session.close()
  }
}

async function openSession(context: Context): Promise<BuildSession> {
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
      close() {
        unlinkSync(path)
        closeSync(fd)
      },
    }
  }
}

/** Removes the containers of builds that were killed, and their locks. */
export async function sweepBuilds(context: Context): Promise<void> {
  const views = (await listContainers(context)).filter(({ record }) => record.options.labels[BUILD_LABEL] !== undefined)
  for (const view of views) {
    if (isLocked(`${sessionsDir(context)}/${view.record.options.labels[BUILD_LABEL]}`)) continue
    await dropContainer(context, view)
  }
  const scratch = (await listScratch(context)).filter(({ lock }) => !isLocked(lock)).map(({ path }) => path)
  if (scratch.length > 0) await removeTrees({ context, identity: await hostIdentity(context), paths: scratch })
  for (const name of await readdir(sessionsDir(context)).catch(() => [])) {
    const path = `${sessionsDir(context)}/${name}`
    if (!isLocked(path)) await unlink(path).catch(() => undefined)
  }
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
