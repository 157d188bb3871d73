import type { BuiltLayer } from '../image/add-built.ts'
import type { ViewInput } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { type BuildSession, dropContainer, workContainer } from './build-container.ts'
import { layerOfChanges } from './build-layer.ts'
import { withContainerFiles } from './container-files.ts'

export interface Upon {
  context: Context
  session: BuildSession
  /** diffIDs, bottom first. */
  layers: string[]
}

/** Works on the files that layers come to. */
export async function withLayerFiles<T>(upon: Upon, use: (files: ViewInput) => Promise<T>): Promise<T> {
  const view = await workContainer(upon)
  try {
    return await withContainerFiles(upon.context, view, 'root only', use)
  } finally {
    await dropContainer(upon.context, view)
  }
}

/** The same; what `change` has changed is a new layer, unless it says false: there was nothing to do. `latest`: see layerOfChanges. */
export async function layerUpon(upon: Upon, latest: number | undefined, change: (files: ViewInput) => Promise<void>): Promise<BuiltLayer>
export async function layerUpon(upon: Upon, latest: number | undefined, change: (files: ViewInput) => Promise<boolean>): Promise<BuiltLayer | undefined>
export async function layerUpon(upon: Upon, latest: number | undefined, change: (files: ViewInput) => Promise<unknown>): Promise<BuiltLayer | undefined> {
  const view = await workContainer(upon)
  try {
    const changed = await withContainerFiles(upon.context, view, 'root only', change)
    return changed === false ? undefined : await layerOfChanges({ ...upon, latest }, view)
  } finally {
    await dropContainer(upon.context, view)
  }
}
