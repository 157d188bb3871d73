import { rename } from 'node:fs/promises'
import type { Identity } from '../plan/plan.ts'
import { removeTree } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { draftOf, makeDraft, putInPlace } from './layer-draft.ts'

/**
 * Makes a folder of the store's file system, which holds what the layer's tar says and is on disk, the layer: nothing is copied. False where
 * the folder may not be taken from where it is; nothing has happened then.
 */
export async function adoptLayer(input: { context: Context; identity: Identity; folder: string; diffId: string }): Promise<boolean> {
  const { context, identity, folder, diffId } = input
  const draft = draftOf(context, diffId)
  try {
    await makeDraft(context, draft)
    await rename(folder, `${draft}/diff`)
    if (!(await putInPlace(context, draft, diffId))) await removeTree({ context, identity, path: draft })
    return true
  } catch (error) {
    await removeTree({ context, identity, path: draft })
    // A container may take the right to write to its root from its user: a folder that moves is written to.
    if (['EACCES', 'EPERM', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
