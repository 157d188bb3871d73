import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { addBuiltImage, type BuiltLayer, layersOfStored } from './add-built.ts'
import { diskFull } from './add-image.ts'
import { blobSize, readBlob } from './blobs.ts'
import type { ManifestFormat } from './build-manifest.ts'
import type { HistoryEntry, ImageConfig, ImageConfiguration } from './manifest.ts'
import { hostPlatform } from './platform.ts'
import { readStoredImage, whileArriving } from './store.ts'
import { storeLayer } from './store-layer.ts'

export interface CommitInput {
  context: Context
  identity: Identity
  /** Id of the image below; undefined: the layer stands alone. */
  parent: string | undefined
  /** Entry records of the new layer. */
  records: AsyncIterable<Buffer>
  config: ImageConfig
  history: HistoryEntry
  author: string
  /** RFC 3339 */
  created: string
  format: ManifestFormat
  /** Normalised names. */
  references: string[]
}

/** Makes an image of one more layer, or of none where nothing has changed; gives its id. Throws IMAGE_GONE, DISK_FULL, what packing throws. */
export async function commitImage(input: CommitInput): Promise<string> {
  try {
    return await whileArriving(input.context, () => commitNow(input))
  } catch (error) {
    throw diskFull(input.context, error) ?? error
  }
}

async function commitNow(input: CommitInput): Promise<string> {
  const { context, identity, records, config, author, created, format, references } = input
  const base = input.parent === undefined ? undefined : await readParent(context, input.parent)
  const layer = await storeLayer({ context, identity, records, compression: 'gzip' })
  const own = author === '' ? {} : { author }
  const layers = [...(base?.layers ?? []), ...(layer === undefined ? [] : [layer])]
  const { author: _, ...inherited } = base?.configuration ?? { ...hostPlatform(process.arch), author: undefined }
  const configuration: ImageConfiguration = {
    ...inherited,
    ...own,
    created,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: [...(base?.configuration.history ?? []), { ...input.history, ...own, ...(layer === undefined ? { empty_layer: true } : {}) }],
  }
  return (await addBuiltImage(context, { configuration, layers, format, references, parent: input.parent })).id
}

/** The store keeps the layers that a container stands on, but not the image that they were of. */
async function readParent(context: Context, id: string): Promise<{ configuration: ImageConfiguration; layers: BuiltLayer[] }> {
  const stored = await readStoredImage(context, id)
  const here = stored !== undefined && (await Promise.all(stored.layers.map(({ blob }) => blobSize(context, blob)))).every((size) => size !== undefined)
  if (!here) {
    throw new LichenError(`the image ${id} that the container was made of is not here any more`, {
      code: 'IMAGE_GONE',
      hint: 'bring it back (lichen pull, lichen load), or make an image of one layer: lichen commit --squash',
    })
  }
  const [text, layers] = await Promise.all([readBlob(context, id), layersOfStored(context, stored)])
  return { configuration: JSON.parse(text.toString('utf8')) as ImageConfiguration, layers }
}
