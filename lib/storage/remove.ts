import type { Identity } from '../plan/plan.ts'
import { unshare } from '../runtime/unshare.ts'
import type { Context } from '../system/context.ts'
import { readdir, rmdir, unlink } from '../system/small-files.ts'

/** Levels and entries up to which a tree is removed without a process of its own. */
const DEPTH = 8
const ENTRIES = 200

/**
 * Removes a file or a folder whose content may belong to any id of the map and have any mode. What is gone already is
 * fine; so are two who remove the same tree. Needs no free disk space. Throws what explainFailure makes of a failure.
 */
export async function removeTree({ context, identity, path }: { context: Context; identity: Identity; path: string }): Promise<void> {
  const budget = { entries: ENTRIES }
  try {
    if (await removeOwn(path, DEPTH, budget)) return
  } catch {
    // Somebody else's, or closed: the runtime will say so if it can't either.
  }
  // Root needs no map to remove what belongs to others.
  const maps = process.geteuid?.() === 0 ? { ...identity, uidMappings: [], gidMappings: [] } : identity
  await unshare({ context, identity: maps, operation: { kind: 'remove', paths: [path] } })
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
