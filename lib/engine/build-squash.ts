import type { BuiltLayer } from '../image/add-built.ts'
import type { Context } from '../system/context.ts'
import { type BuildSession, dropContainer, workContainer } from './build-container.ts'
import { layerOfChanges } from './build-layer.ts'
import { withContainerFiles } from './container-files.ts'

export interface Squashing {
  context: Context
  session: BuildSession
  /** All of them, bottom first. */
  layers: BuiltLayer[]
  /** How many stay as they are: those of the image that was begun with. */
  below: number
  latest: number | undefined
}

/** One layer in place of those above `below`: the whole tree is copied, and compared with what is below it. */
export async function squashLayers({ context, session, layers, below, latest }: Squashing): Promise<BuiltLayer[]> {
  const base = layers.slice(0, below)
  if (layers.length - below < 2) return layers
  const made = await workContainer({ context, session, layers: layers.map(({ diffId }) => diffId), driver: 'vfs' })
  try {
    await withContainerFiles(context, made, 'root only', async () => {})
    const { record } = made
    const compared = { ...made, record: { ...record, image: { ...record.image, layers: base.map(({ diffId }) => diffId) } } }
    return [...base, await layerOfChanges({ context, session, latest }, compared)]
  } finally {
    await dropContainer(context, made)
  }
}
