import { LichenError } from '../system/errors.ts'
import { warning } from '../system/log.ts'
import type { ArchiveFile } from './archive.ts'
import { isDigest } from './digest.ts'
import type { Descriptor, Manifest } from './manifest.ts'
import { formatReference, parseReference } from './reference.ts'

/** An image that an archive holds. */
export interface ArchiveImage {
  manifestBytes: Uint8Array
  /** Of the manifest. */
  digest: string
  manifest: Manifest
  mediaType: string
  /** The archive had no manifest, and this one was made for it. */
  made?: boolean
  /** Normalised. */
  references: string[]
  /** As the archive has them: whole names, or but tags. */
  names: readonly string[]
  /** Undefined: the archive has no such blob. */
  find(descriptor: Descriptor): Promise<ArchiveFile | undefined>
}

/** The bytes of a blob. Throws BLOB_MISSING. */
export async function* openArchiveBlob(image: ArchiveImage, descriptor: Descriptor): AsyncGenerator<Uint8Array, void, void> {
  const file = await image.find(descriptor)
  if (file === undefined) throw missingBlob(descriptor.digest)
  yield* file.stream()
}

/** Whether a name in an archive is the one that was asked for: `app:v1` for `docker.io/library/app:v1`, and `v1` too. */
export function isNamed(name: string | undefined, wanted: string): boolean {
  if (name === undefined || name === wanted) return name !== undefined
  try {
    const reference = parseReference(name)
    return reference.tag === wanted || formatReference(reference) === formatReference(parseReference(wanted))
  } catch {
    return false
  }
}

export const missingBlob = (digest: string) =>
  new LichenError(`the archive lacks the blob ${digest}`, {
    code: 'BLOB_MISSING',
    hint: 'it was cut short, or made for a store that has the blob already: save it again',
  })

/** Normalised names out of an archive; what is no name of an image is left out, and said. */
export function archiveNames(names: readonly string[], manifestDigest: string): string[] {
  const references = names.flatMap((name) => {
    try {
      const reference = parseReference(name)
      // A digest of another manifest would name an image that this one is not.
      if (reference.digest === undefined || reference.digest === manifestDigest) return [formatReference(reference)]
      return reference.tag === undefined ? [] : [formatReference({ ...reference, digest: undefined })]
    } catch {
      warning(`the archive names the image ${JSON.stringify(name)}, which is no valid name: it is loaded without it`)
      return []
    }
  })
  return [...new Set(references)]
}

/** `blobs/sha256/<hex>`. Throws BAD_DIGEST by way of its caller's check. */
export const layoutPath = (digest: string): string => (isDigest(digest) ? `blobs/${digest.replace(':', '/')}` : '')
