import type { ContainerView } from '../container/view.ts'
import { inParallel } from '../image/in-parallel.ts'
import { listStoredImages } from '../image/store.ts'
import { measureChanges } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { changesOf } from './container-changes.ts'

/** Bytes in the files that a container has written, and with those of its image. */
export interface ContainerSize {
  rw: number
  rootFs: number
}

const AT_ONCE = 4

/** By the id of the container. */
export async function containerSizes(context: Context, views: readonly ContainerView[]): Promise<Map<string, ContainerSize>> {
  const layers = new Map((await listStoredImages(context)).flatMap((image) => image.layers.map(({ diffId, size }) => [diffId, size] as const)))
  const sizes = new Map<string, ContainerSize>()
  await inParallel([...views], AT_ONCE, async (view) => {
    const input = await changesOf(context, view)
    const rw = input === undefined ? 0 : (await measureChanges(input)).bytes
    const image = view.record.image.layers.reduce((sum, diffId) => sum + (layers.get(diffId) ?? 0), 0)
    sizes.set(view.record.id, { rw, rootFs: rw + image })
  })
  return sizes
}
