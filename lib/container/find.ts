import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { namesDir } from '../system/paths.ts'
import { readFile } from '../system/small-files.ts'
import { listIds, readContainer } from './list.ts'
import type { ContainerView } from './view.ts'

/**
 * The container that a user means: full name first, then full id, then a unique beginning of an id, as Docker.
 * Throws CONTAINER_NOT_FOUND or CONTAINER_AMBIGUOUS.
 */
export async function findContainer(context: Context, nameOrId: string): Promise<ContainerView> {
  const view = await lookUp(context, nameOrId)
  if (view === undefined) {
    throw new LichenError(`No such container: ${nameOrId}`, { code: 'CONTAINER_NOT_FOUND', exitCode: 1 })
  }
  return view
}

async function lookUp(context: Context, nameOrId: string): Promise<ContainerView | undefined> {
  const name = nameOrId.startsWith('/') ? nameOrId.slice(1) : nameOrId
  const named = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) ? await idOfName(context, name) : undefined
  const byName = named === undefined ? undefined : await readIfThere(context, named)
  if (byName !== undefined && byName.record.name === name) return byName
  if (!/^[0-9a-f]{1,64}$/.test(name)) return undefined
  const matches = (await listIds(context)).filter((id) => id.startsWith(name))
  if (matches.length > 1) {
    throw new LichenError(`Multiple IDs found with provided prefix: ${name}`, {
      code: 'CONTAINER_AMBIGUOUS',
      exitCode: 1,
      hint: 'give more digits of the id',
    })
  }
  return matches[0] === undefined ? undefined : readIfThere(context, matches[0])
}

/** What the name's file says; the container may be gone all the same. */
export async function idOfName(context: Context, name: string): Promise<string | undefined> {
  try {
    return (await readFile(`${namesDir(context.paths)}/${name}`, 'utf8')).trim()
  } catch {
    return undefined
  }
}

async function readIfThere(context: Context, id: string): Promise<ContainerView | undefined> {
  try {
    return await readContainer(context, id)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
