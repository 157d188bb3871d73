import type { Context } from '../system/context.ts'
import { containersDir, type Paths } from '../system/paths.ts'
import { readdir, readFile, rename, rm, writeFile } from '../system/small-files.ts'
import { releaseNames } from './allocate.ts'
import type { ContainerRecord } from './record.ts'
import type { ContainerView } from './view.ts'

const LEAVING = '.gone-'
/** Behind the id: its anonymous volumes go too. */
const WITH_VOLUMES = '+volumes'

/** A container that is out of sight; what is left is to delete files. */
export interface Grave {
  path: string
  /** Its anonymous volumes are to be removed as well. */
  volumes: boolean
}

/** Where the folder of a container lies from then on. */
export const gravePath = (paths: Paths, id: string, volumes: boolean) => `${containersDir(paths)}/${LEAVING}${id}${volumes ? WITH_VOLUMES : ''}`

/**
 * Takes a container out of sight in one rename and gives its name back. A crash afterwards leaves the rest to
 * `graves`. Call it under `exclusively`.
 */
export async function discardContainer(context: Context, view: ContainerView, volumes: boolean): Promise<Grave> {
  const { record, paths, exit } = view
  // For those who wait for the exit code with the lock file open. A full disk must not keep a container from going.
  if (exit !== undefined) await writeFile(paths.lock, JSON.stringify(exit), { flag: 'r+' }).catch(() => undefined)
  const path = gravePath(context.paths, record.id, volumes)
  await rename(paths.dir, path)
  await releaseNames(context, record)
  // Somebody who waits for the mutex may make the folder anew: then he also removes it.
  await rm(paths.runDir, { recursive: true, force: true }).catch(() => undefined)
  return { path, volumes }
}

/** Containers whose removal is under way, or was cut short. */
export async function graves(context: Context): Promise<Grave[]> {
  const dir = containersDir(context.paths)
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.startsWith(LEAVING))
  return names.map((name) => ({ path: `${dir}/${name}`, volumes: name.endsWith(WITH_VOLUMES) }))
}

/** The record in a grave; undefined where it has been deleted already. */
export async function recordIn(grave: Grave): Promise<ContainerRecord | undefined> {
  try {
    return JSON.parse(await readFile(`${grave.path}/container.json`, 'utf8')) as ContainerRecord
  } catch {
    return undefined
  }
}
