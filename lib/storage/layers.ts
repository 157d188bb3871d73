import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { layerDiff } from '../system/paths.ts'
import { access, stat } from '../system/small-files.ts'

/**
 * Folders of the layers that count, topmost first. One that an image has twice is mounted once, at its upper place: what it says there
 * it says of everything below, and the kernel refuses the same folder twice. What lies below a layer that hides everything is
 * left out: the kernel looks for that mark in every directory but the topmost. Throws LAYER_MISSING.
 */
export async function layerFolders(context: Context, diffIds: readonly string[]): Promise<string[]> {
  const folders: string[] = []
  for (const diffId of new Set(diffIds.toReversed())) {
    const path = layerDiff(context.paths, diffId)
    await checkThere(path, diffId)
    folders.push(path)
    if (await hidesAll(path)) break
  }
  return folders
}

async function checkThere(path: string, diffId: string): Promise<void> {
  try {
    await stat(path)
  } catch (error) {
    throw new LichenError(`the layer ${diffId} is not in the store any more`, {
      code: 'LAYER_MISSING',
      hint: 'bring the image back (lichen pull, lichen load)',
      cause: error,
    })
  }
}

/** As native/runtime/whiteout.h marks it. */
async function hidesAll(path: string): Promise<boolean> {
  try {
    if (addon.getxattr({ path, name: 'user.overlay.opaque' })?.toString() === 'y') return true
  } catch (error) {
    if (!['ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
  return access(`${path}/.wh..wh..opq`).then(
    () => true,
    () => false,
  )
}
