import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { blobSize, readBlob } from './blobs.ts'
import { indexMembers } from './image-index.ts'
import type { Descriptor, Manifest } from './manifest.ts'
import { mountSources } from './mount-sources.ts'
import { parseManifest } from './parse-manifest.ts'
import { formatPlatform } from './platform.ts'
import { familiarName, formatReference, fullName, type Reference } from './reference.ts'
import { readReference, writeReference } from './references.ts'
import { askEndpoints } from './registry/ask-endpoints.ts'
import type { Timing } from './registry/connect.ts'
import { putManifest } from './registry/manifests.ts'
import type { Uploaded } from './registry/upload.ts'
import { sendImage } from './send-image.ts'
import { readStoredImage, type StoredImage, whileArriving, withStoreLock } from './store.ts'

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
    const index = request.image === undefined ? (await readReference(context, formatReference(reference)))?.index : undefined
    if (index !== undefined) return pushIndex(request, index)
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
      sendImage(talk, { context, image, manifest: parsed.manifest, bytes, sources, reference, onEvent }),
    )
    const { digest } = image.manifest
    await withStoreLock(context, () => writeReference(context, { reference: `${fullName(reference)}@${digest}`, image: image.id, digest }))
    return { digest, size: bytes.length }
  })
}

/** The images first, under their digests: a registry takes no index of what it has not. */
async function pushIndex({ context, reference, onEvent = () => {}, timing }: PushRequest, index: Descriptor): Promise<Pushed> {
  const bytes = await readBlob(context, index.digest)
  const members = await Promise.all(
    (await indexMembers(context, index)).map(async ({ descriptor, image }) => {
      const what = `${formatReference(reference)} for ${formatPlatform(descriptor.platform ?? { os: 'linux', architecture: 'unknown' })}`
      if (image === undefined) throw new LichenError(`the image ${what} is not here any more`, { code: 'IMAGE_NOT_FOUND', hint: 'build it again' })
      const own = await readBlob(context, image.manifest.digest)
      const parsed = parseManifest(own, what, image.manifest.mediaType)
      if (parsed.kind === 'index') throw new LichenError(`${what} is an index`, { code: 'BAD_MANIFEST' })
      await requireBlobs(context, parsed.manifest)
      return { context, image, manifest: parsed.manifest, bytes: own, sources: await mountSources(context, image, reference), onEvent }
    }),
  )
  onEvent({ kind: 'repository', name: fullName(reference) })
  for (const { image } of members) for (const { diffId } of image.layers) onEvent({ kind: 'layer', layer: diffId, state: 'preparing' })
  const alsoPull = [...new Set(members.flatMap(({ sources }) => [...sources.values()]))]
  await askEndpoints({ context, reference, action: 'push', alsoPull, timing }, async (talk) => {
    for (const member of members) await sendImage(talk, { ...member, reference: { ...reference, tag: undefined } })
    await putManifest(talk.session, talk.asked, { tag: reference.tag!, bytes, mediaType: index.mediaType, digest: index.digest })
  })
  return { digest: index.digest, size: bytes.length }
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
