import { readdir, rename, rm } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { containersDir } from '../system/paths.ts'
import { releaseName } from './allocate.ts'
import type { ContainerView } from './view.ts'

const LEAVING = '.gone-'

/**
 * Takes a container out of sight in one rename and gives its name back. What is left is a folder to delete,
 * whose path is returned; a crash before the deletion leaves it to `leftovers`.
 */
export async function discardContainer(context: Context, view: ContainerView): Promise<string> {
  const { id, name } = view.record
  const grave = `${containersDir(context.paths)}/${LEAVING}${id}`
  await rename(view.paths.dir, grave)
  await releaseName(context, name, id)
  await rm(view.paths.runDir, { recursive: true, force: true })
  return grave
}

/** Folders of containers whose removal was cut short. */
export async function leftovers(context: Context): Promise<string[]> {
  const entries = await readdir(containersDir(context.paths)).catch(() => [])
  return entries.filter((name) => name.startsWith(LEAVING)).map((name) => `${containersDir(context.paths)}/${name}`)
}
