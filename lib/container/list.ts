import type { Context } from '../system/context.ts'
import { containerPaths, containersDir } from '../system/paths.ts'
import { access, readdir, readFile } from '../system/small-files.ts'
import type { ContainerRecord } from './record.ts'
import { observe } from './state.ts'
import type { ContainerView } from './view.ts'

/** Ids of all containers, unordered. Names with a dot in front are on their way in or out. */
export async function listIds(context: Context): Promise<string[]> {
  try {
    return (await readdir(containersDir(context.paths))).filter((name) => /^[0-9a-f]{64}$/.test(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** All containers, newest first. One whose record is broken is left out, and handed to `broken`. */
export async function listContainers(context: Context, broken: (id: string, error: unknown) => void = () => {}): Promise<ContainerView[]> {
  const ids = await listIds(context)
  const views = await Promise.all(
    ids.map(async (id) => {
      try {
        return await readContainer(context, id)
      } catch (error) {
        // Removed between the listing and the reading: not broken, gone.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') broken(id, error)
        return undefined
      }
    }),
  )
  return views.filter((view) => view !== undefined).sort((a, b) => (a.record.created < b.record.created ? 1 : -1))
}

/** The container with this full id; ENOENT where there is none, SyntaxError where its record is no JSON. */
export async function readContainer(context: Context, id: string): Promise<ContainerView> {
  const paths = containerPaths(context.paths, id)
  const record = JSON.parse(await readFile(paths.record, 'utf8')) as ContainerRecord
  const view = await observe(record, paths)
  // One that is removed in this moment looks as if it had never been started.
  if (view.status === 'created') await access(paths.record)
  return view
}
