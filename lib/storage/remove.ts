import type { Identity } from '../plan/plan.ts'
import { unshare } from '../runtime/unshare.ts'
import type { Context } from '../system/context.ts'
import { readdir, rmdir, unlink } from '../system/small-files.ts'

/** Levels and entries up to which a tree is removed without a process of its own. */
const DEPTH = 8
const ENTRIES = 200
/** The runtime holds a descriptor for each. */
const PATHS = 256

/**
 * Removes a file or a folder whose content may belong to any id of the map and have any mode. What is gone already is
 * fine; so are two who remove the same tree. Needs no free disk space. Throws what explainFailure makes of a failure.
 */
export const removeTree = ({ path, ...input }: { context: Context; identity: Identity; path: string }): Promise<void> =>
  removeTrees({ ...input, paths: [path] })

/** As removeTree, one after the other, with one process for all that need one. */
export async function removeTrees({ context, identity, paths }: { context: Context; identity: Identity; paths: readonly string[] }): Promise<void> {
  const left: string[] = []
  for (const path of paths) if (!(await tryRemoveOwn(path))) left.push(path)
  if (left.length === 0) return
  // Root needs no map to remove what belongs to others.
  const maps = process.geteuid?.() === 0 ? { ...identity, uidMappings: [], gidMappings: [] } : identity
  for (let at = 0; at < left.length; at += PATHS) await unshare({ context, identity: maps, operation: { kind: 'remove', paths: left.slice(at, at + PATHS) } })
}

/** False where somebody else's files are in it, or it is closed, or is too much: the runtime will say so if it can't either. */
async function tryRemoveOwn(path: string): Promise<boolean> {
  try {
    return await removeOwn(path, DEPTH, { entries: ENTRIES })
  } catch {
    return false
  }
}

/** The folder of a container that has written nothing is a few entries, all of them its user's. False: too much. */
async function removeOwn(path: string, depth: number, budget: { entries: number }): Promise<boolean> {
  if (--budget.entries < 0) return false
  if (await isGone(() => unlink(path), ['EISDIR', 'EPERM'])) return true
  // First this: overlayfs leaves a folder that is empty, and can't be read.
  if (await isGone(() => rmdir(path), ['ENOTEMPTY', 'EEXIST'])) return true
  if (depth === 0) return false
  for (const name of await readdir(path)) if (!(await removeOwn(`${path}/${name}`, depth - 1, budget))) return false
  return isGone(() => rmdir(path), [])
}

async function isGone(remove: () => Promise<void>, otherwise: string[]): Promise<boolean> {
  try {
    await remove()
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT') return true
    if (otherwise.includes(code)) return false
    throw error
  }
}
