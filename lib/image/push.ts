import { createReadStream } from 'node:fs'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { blobPath, blobSize, readBlob } from './blobs.ts'
import { inParallel } from './in-parallel.ts'
import type { Manifest } from './manifest.ts'
import { mountSources } from './mount-sources.ts'
import { parseManifest } from './parse-manifest.ts'
import { familiarName, formatReference, fullName, type Reference } from './reference.ts'
import { readReference, writeReference } from './references.ts'
import { askEndpoints, type Talk } from './registry/ask-endpoints.ts'
import type { Timing } from './registry/connect.ts'
import { putManifest } from './registry/manifests.ts'
import { type Uploaded, uploadBlob } from './registry/upload.ts'
import { readStoredImage, type StoredImage, whileArriving, withStoreLock } from './store.ts'

const PARALLEL_UPLOADS = 3

export type PushEvent =
  | { kind: 'repository'; name: string }
  /** `layer` is the diffId, as Docker names layers here. */
  | { kind: 'layer'; layer: string; state: 'preparing' | Uploaded }
  | { kind: 'progress'; layer: string; current: number; total: number }

export interface PushRequest {
  context: Context
  /** With a tag; what it is called here, unless `image` says what is sent. */
  reference: Reference
  /** Id of an image that has another name, or none. */
  image?: string | undefined
  onEvent?: (event: PushEvent) => void
  timing?: Timing | undefined
}

export interface Pushed {
  /** Of the manifest. */
  digest: string
  /** Bytes of the manifest. */
  size: number
}

/** Brings an image to its registry, byte for byte as it is here. Throws IMAGE_NOT_FOUND, BLOB_MISSING and what the registry's client throws. */
export async function pushImage(request: PushRequest): Promise<Pushed> {
  const { context, reference, onEvent = () => {}, timing } = request
  // No blob is collected while it is being sent.
  return whileArriving(context, async () => {
    const image = await imageToPush(request)
    const bytes = await readBlob(context, image.manifest.digest)
    const parsed = parseManifest(bytes, formatReference(reference), image.manifest.mediaType)
    if (parsed.kind === 'index') throw new LichenError(`${formatReference(reference)} is an index`, { code: 'BAD_MANIFEST' })
    await requireBlobs(context, parsed.manifest)
    const sources = await mountSources(context, image, reference)
    onEvent({ kind: 'repository', name: fullName(reference) })
    for (const { diffId } of image.layers) onEvent({ kind: 'layer', layer: diffId, state: 'preparing' })
    const alsoPull = [...new Set(sources.values())]
    await askEndpoints({ context, reference, action: 'push', alsoPull, timing }, (talk) =>
      send(talk, { context, image, manifest: parsed.manifest, bytes, sources, reference, onEvent }),
    )
    const { digest } = image.manifest
    await withStoreLock(context, () => writeReference(context, { reference: `${fullName(reference)}@${digest}`, image: image.id, digest }))
    return { digest, size: bytes.length }
  })
}

interface Sending {
  context: Context
  image: StoredImage
  manifest: Manifest
  bytes: Buffer
  /** Digest of a blob -> a repository of the same registry that has it. */
  sources: ReadonlyMap<string, string>
  reference: Reference
  onEvent(event: PushEvent): void
}

async function send({ session, asked }: Talk, { context, image, manifest, bytes, sources, reference, onEvent }: Sending): Promise<void> {
  const layerOf = new Map(image.layers.map(({ blob, diffId }) => [blob, diffId]))
  const blobs = new Map([...manifest.layers, manifest.config].map((descriptor) => [descriptor.digest, descriptor]))
  await inParallel([...blobs.values()], PARALLEL_UPLOADS, async ({ digest, size }) => {
    const layer = layerOf.get(digest)
    const from = sources.get(digest)
    const uploaded = await uploadBlob(session, asked, {
      digest,
      size,
      what: `${layer === undefined ? 'configuration' : 'layer'} ${digest} of ${asked.name}`,
      read: (start) => createReadStream(blobPath(context, digest), { start, highWaterMark: 256 * 1024 }),
      mountFrom: from === undefined ? [] : [from],
      onProgress: (current) => layer !== undefined && onEvent({ kind: 'progress', layer, current, total: size }),
    })
    if (layer !== undefined) onEvent({ kind: 'layer', layer, state: uploaded })
  })
  await putManifest(session, asked, { tag: reference.tag ?? image.manifest.digest, bytes, mediaType: image.manifest.mediaType, digest: image.manifest.digest })
}

async function imageToPush({ context, reference, image: id }: PushRequest): Promise<StoredImage> {
  const named = id ?? (await readReference(context, formatReference(reference)))?.image
  const image = named === undefined ? undefined : await readStoredImage(context, named)
  if (image !== undefined) return image
  throw new LichenError(`An image does not exist locally with the tag: ${familiarName(reference)}`, {
    code: 'IMAGE_NOT_FOUND',
    hint: 'lichen images shows what is here, lichen tag gives another name',
  })
}

async function requireBlobs(context: Context, { config, layers }: Manifest): Promise<void> {
  for (const { digest } of [config, ...layers]) {
    if ((await blobSize(context, digest)) === undefined)
      throw new LichenError(`the blob ${digest} is missing in the store`, { code: 'BLOB_MISSING', hint: 'lichen system check says what else is' })
  }
}
