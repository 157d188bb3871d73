import type { Context } from '../system/context.ts'
import { nameImage } from './add-image.ts'
import { putBlob, readBlob } from './blobs.ts'
import { buildManifest, type ManifestFormat } from './build-manifest.ts'
import type { Image } from './image.ts'
import type { Descriptor, ImageConfiguration } from './manifest.ts'
import { OCI_CONFIG, OCI_LAYER } from './media-types.ts'
import { parseManifest } from './parse-manifest.ts'
import { readStoredImage, type StoredImage, withStoreLock, writeStoredImage } from './store.ts'

/** A layer that is in the store, as a blob and unpacked. */
export interface BuiltLayer {
  diffId: string
  blob: Descriptor
  /** Bytes, unpacked. */
  size: number
}

/** The layers of an image, with the types that OCI has for them; undefined where somebody has removed it meanwhile. */
export async function layersOfImage(context: Context, { id, layers }: Pick<Image, 'id' | 'layers'>): Promise<BuiltLayer[] | undefined> {
  if (layers.length === 0) return []
  const stored = await readStoredImage(context, id)
  return stored === undefined ? undefined : layersOfStored(context, stored)
}

export async function layersOfStored(context: Context, { id, manifest, layers }: StoredImage): Promise<BuiltLayer[]> {
  const parsed = parseManifest(await readBlob(context, manifest.digest), `manifest of ${id}`, manifest.mediaType)
  const descriptors = parsed.kind === 'manifest' ? parsed.manifest.layers : []
  return layers.map(({ diffId, size }, at) => {
    const { digest, size: bytes, mediaType } = descriptors[at]!
    return { diffId, size, blob: { mediaType: ociType(mediaType), digest, size: bytes } }
  })
}

const ociType = (mediaType: string): string => (mediaType.endsWith('gzip') ? `${OCI_LAYER}+gzip` : mediaType.endsWith('zstd') ? `${OCI_LAYER}+zstd` : OCI_LAYER)

/** An image whose blobs are all in the store, and which nobody knows of yet. */
export type AssembledImage = StoredImage

export interface BuiltImage {
  configuration: ImageConfiguration
  layers: BuiltLayer[]
  annotations?: Record<string, string>
  /** Of the manifest; OCI's where it is not given. */
  format?: ManifestFormat
  /** Id of the image that it was committed on. */
  parent?: string | undefined
}

/** Makes configuration and manifest of layers that are in the store. The caller keeps collectors away: see whileArriving. */
export async function assembleBuilt(context: Context, { configuration, layers, annotations = {}, format, parent }: BuiltImage): Promise<AssembledImage> {
  const text = Buffer.from(JSON.stringify(configuration))
  const id = await putBlob(context, text)
  const config = { mediaType: OCI_CONFIG, digest: id, size: text.length }
  const built = buildManifest(
    config,
    layers.map(({ blob }) => blob),
    format,
  )
  const manifestBytes = Object.keys(annotations).length === 0 ? built.manifestBytes : Buffer.from(JSON.stringify({ ...built.manifest, annotations }))
  const digest = await putBlob(context, manifestBytes)
  return {
    version: 1,
    id,
    manifest: { mediaType: built.mediaType, digest, size: manifestBytes.length },
    layers: layers.map(({ diffId, blob, size }) => ({ diffId, blob: blob.digest, size })),
    size: layers.reduce((sum, { size }) => sum + size, 0),
    created: configuration.created ?? '',
    stored: new Date().toISOString(),
    ...(parent === undefined ? {} : { parent }),
  }
}

/** From here on it is an image like any other. */
export const keepBuilt = (context: Context, image: AssembledImage, references: string[]): Promise<void> =>
  withStoreLock(context, async () => {
    await writeStoredImage(context, image)
    await nameImage(context, image, references)
  })

/** The same of images for several platforms: `main` is the one that their names mean here. */
export const keepBuiltIndex = (
  context: Context,
  index: Descriptor,
  images: readonly AssembledImage[],
  main: AssembledImage,
  references: string[],
): Promise<void> =>
  withStoreLock(context, async () => {
    for (const image of images) await writeStoredImage(context, image)
    await nameImage(context, main, references, index)
  })

/** Makes an image of layers that are in the store, and names it. The caller keeps collectors away: see whileArriving. */
export async function addBuiltImage(context: Context, { references, ...built }: BuiltImage & { references: string[] }): Promise<StoredImage> {
  const image = await assembleBuilt(context, built)
  await keepBuilt(context, image, references)
  return image
}
