import { chmod, chown, mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { syncFolder } from '../system/files.ts'
import { hostRoot } from '../system/map-identity.ts'
import { layerDiff, layersDir, temporaryDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import { TEMPORARY_PREFIX } from './blobs.ts'
import { digestHex } from './digest.ts'

/** Where a layer comes together, under a name that `collect` knows; its files are in `diff`. */
export const draftOf = (context: Context, diffId: string) =>
  `${temporaryDir(context.paths)}/${TEMPORARY_PREFIX}layer-${digestHex(diffId).slice(0, 12)}-${randomHex(4)}`

/** The ids of a root user's containers are others than root's: they reach layers as "others". */
const folderMode = () => (process.geteuid?.() === 0 ? 0o711 : 0o700)

export async function makeDraft(context: Context, draft: string): Promise<void> {
  await mkdir(temporaryDir(context.paths), { recursive: true, mode: 0o700 })
  await mkdir(draft, { mode: folderMode() })
}

/** Its files, of which there are none yet. */
export async function makeDraftFiles({ uidMappings, gidMappings }: Identity, draft: string): Promise<void> {
  await mkdir(`${draft}/diff`)
  // Whatever the umask: many layers say nothing of their root, and a container has it as its own.
  await chmod(`${draft}/diff`, 0o755)
  if (process.geteuid?.() === 0) await chown(`${draft}/diff`, hostRoot(uidMappings), hostRoot(gidMappings))
}

/** False where the layer is there already. */
export async function putInPlace(context: Context, draft: string, diffId: string): Promise<boolean> {
  await mkdir(layersDir(context.paths), { recursive: true, mode: folderMode() })
  try {
    await rename(draft, dirname(layerDiff(context.paths, diffId)))
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
  await syncFolder(layersDir(context.paths))
  return true
}
