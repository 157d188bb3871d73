import { imagesOf } from '../container/images.ts'
import { listContainers } from '../container/list.ts'
import type { Image } from '../image/image.ts'
import { listStoredImages } from '../image/store.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { recordPrune } from './record-event.ts'
import { type Removal, removeImages } from './remove-image.ts'

export interface Pruned {
  removals: Removal[]
  /** Bytes of the layers that went. */
  bytes: number
}

/** Removes those of the images that no container uses. Their files stay until `collectGarbage`. */
export async function pruneImages(context: Context, images: readonly Image[]): Promise<Pruned> {
  const used = new Set((await listContainers(context)).flatMap(({ record }) => imagesOf(record)))
  const before = await layerSizes(context)
  const names = images.filter(({ id }) => !used.has(id)).map(({ id }) => id)
  const removals: Removal[] = []
  for (const outcome of await removeImages({ context, names, force: true })) {
    if (!(outcome instanceof LichenError)) removals.push(...outcome)
    // Somebody else was faster, or has just started a container of it.
    else if (!['IMAGE_NOT_FOUND', 'IMAGE_IN_USE'].includes(outcome.code)) throw outcome
  }
  const after = await layerSizes(context)
  const bytes = [...before].reduce((sum, [diffId, size]) => sum + (after.has(diffId) ? 0 : size), 0)
  await recordPrune(context.paths, 'image', bytes)
  return { removals, bytes }
}

const layerSizes = async (context: Context): Promise<Map<string, number>> =>
  new Map((await listStoredImages(context)).flatMap(({ layers }) => layers.map(({ diffId, size }) => [diffId, size] as const)))
