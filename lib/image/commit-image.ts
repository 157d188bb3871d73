import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { addImage, diskFull } from './add-image.ts'
import { blobSize, putBlob, readBlob, streamBlob } from './blobs.ts'
import { buildManifest, type ManifestFormat } from './build-manifest.ts'
import type { Descriptor, HistoryEntry, ImageConfig, ImageConfiguration, Manifest } from './manifest.ts'
import { layerType } from './media-types.ts'
import { packLayer } from './pack-layer.ts'
import { hostPlatform } from './platform.ts'
import { readStoredImage, whileArriving } from './store.ts'

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
  const { context, config, author, created, format } = input
  const base = input.parent === undefined ? undefined : await readParent(context, input.parent)
  const layer = await packLayer(context, input.records)
  const own = author === '' ? {} : { author }
  const { author: _, ...inherited } = base?.configuration ?? { ...hostPlatform(process.arch), author: undefined }
  const configuration: ImageConfiguration = {
    ...inherited,
    ...own,
    created,
    config,
    rootfs: { type: 'layers', diff_ids: [...(base?.configuration.rootfs.diff_ids ?? []), ...(layer === undefined ? [] : [layer.diffId])] },
    history: [...(base?.configuration.history ?? []), { ...input.history, ...own, ...(layer === undefined ? { empty_layer: true } : {}) }],
  }
  const text = Buffer.from(JSON.stringify(configuration))
  const layers: Descriptor[] = [
    ...(base?.layers ?? []),
    ...(layer === undefined ? [] : [{ mediaType: layerType(format, 'gzip'), digest: layer.digest, size: layer.size }]),
  ]
  const { manifest, manifestBytes, mediaType } = buildManifest({ mediaType: '', digest: await putBlob(context, text), size: text.length }, layers, format)
  const { image } = await addImage({
    context,
    identity: input.identity,
    manifestBytes,
    manifest,
    mediaType,
    open: ({ digest }) => streamBlob(context, digest),
    what: 'the committed image',
    references: input.references,
  })
  return image.id
}

/** The store keeps the layers that a container stands on, but not the image that they were of. */
async function readParent(context: Context, id: string): Promise<{ configuration: ImageConfiguration; layers: Descriptor[] }> {
  const stored = await readStoredImage(context, id)
  const here = stored !== undefined && (await Promise.all(stored.layers.map(({ blob }) => blobSize(context, blob)))).every((size) => size !== undefined)
  if (!here) {
    throw new LichenError(`the image ${id} that the container was made of is not here any more`, {
      code: 'IMAGE_GONE',
      hint: 'bring it back (lichen pull, lichen load), or make an image of one layer: lichen commit --squash',
    })
  }
  const [configuration, manifest] = await Promise.all([readBlob(context, id), readBlob(context, stored.manifest.digest)])
  return { configuration: JSON.parse(configuration.toString('utf8')) as ImageConfiguration, layers: (JSON.parse(manifest.toString('utf8')) as Manifest).layers }
}
