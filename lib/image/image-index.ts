import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { putBlob, readBlob } from './blobs.ts'
import type { Descriptor, ImageIndex, Platform } from './manifest.ts'
import { OCI_INDEX } from './media-types.ts'
import { parseManifest } from './parse-manifest.ts'
import { choosePlatform } from './platform.ts'
import { fullName, parseReference } from './reference.ts'
import type { StoredReference } from './references.ts'
import { listStoredImages, type StoredImage } from './store.ts'

/** A name may stand for images of several platforms: then its record has their index beside the image that runs here. */
export interface IndexMember {
  /** Of the manifest, with the platform. */
  descriptor: Descriptor
  /** Undefined: it has been removed. */
  image: StoredImage | undefined
}

/** In the order of the index. Throws BLOB_MISSING, BAD_MANIFEST. */
export async function indexMembers(context: Context, index: Descriptor): Promise<IndexMember[]> {
  const [{ manifests }, images] = await Promise.all([readIndex(context, index), listStoredImages(context)])
  return manifests.map((descriptor) => ({ descriptor, image: images.find(({ manifest }) => manifest.digest === descriptor.digest) }))
}

/** Throws BLOB_MISSING, BAD_MANIFEST. */
async function readIndex(context: Context, { digest, mediaType }: Descriptor): Promise<ImageIndex> {
  const bytes = await readBlob(context, digest).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    throw new LichenError(`the store lacks the index ${digest}`, { code: 'BLOB_MISSING', hint: 'build or pull the image again' })
  })
  const parsed = parseManifest(bytes, `index ${digest}`, mediaType)
  return parsed.kind === 'index' ? parsed.index : { schemaVersion: 2, manifests: [] }
}

/** The member for a platform, where it is here. Throws NO_SUCH_PLATFORM, BLOB_MISSING, BAD_MANIFEST. */
export async function memberFor(context: Context, index: Descriptor, wanted: Platform, what: string): Promise<StoredImage | undefined> {
  const members = await indexMembers(context, index)
  const { digest } = choosePlatform({ schemaVersion: 2, manifests: members.map(({ descriptor }) => descriptor) }, wanted, what)
  return members.find(({ descriptor }) => descriptor.digest === digest)?.image
}

/** Digests of manifests that names stand for beside their own, with the repositories of those names. An index that can't be read tells of none. */
export async function memberNames(context: Context, references: readonly StoredReference[]): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>()
  for (const { reference, index } of references) {
    if (index === undefined) continue
    const repository = fullName(parseReference(reference))
    const read = await readIndex(context, index).catch((error: unknown) => {
      if (error instanceof LichenError) return undefined
      throw error
    })
    for (const { digest } of read?.manifests ?? []) names.set(digest, [...new Set([...(names.get(digest) ?? []), repository])])
  }
  return names
}

/** Makes an index of images that are in the store, the same bytes for the same images. The caller keeps collectors away. */
export async function putIndex(context: Context, images: readonly { image: Pick<StoredImage, 'manifest'>; platform: Platform }[]): Promise<Descriptor> {
  const manifests = images.map(({ image: { manifest }, platform }) => ({ ...manifest, platform }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))
  return { mediaType: OCI_INDEX, digest: await putBlob(context, bytes), size: bytes.length }
}
