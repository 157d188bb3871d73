import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { Image } from './image.ts'
import { assembleImage } from './list.ts'
import { formatReference, fullName, parseReference, type Reference } from './reference.ts'
import { listReferences, readReference, type StoredReference } from './references.ts'
import { listImageIds, readStoredImage } from './store.ts'

/** What a user's word for an image means. */
export interface ImageMatch {
  id: string
  /** The name that was meant; undefined where it was an id. */
  reference: StoredReference | undefined
}

/**
 * The image that a user means: a reference, `sha256:ID`, or a unique beginning of an id. With all its names.
 * Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, BAD_REFERENCE.
 */
export async function findImage(context: Context, name: string): Promise<Image> {
  const { id } = await requireMatch(context, name)
  const stored = await readStoredImage(context, id)
  if (stored === undefined) throw notFound(name)
  return assembleImage(
    context,
    stored,
    (await listReferences(context)).filter(({ image }) => image === id),
  )
}

/** As findImage, without reading the image. */
export async function requireMatch(context: Context, name: string): Promise<ImageMatch> {
  const match = await matchImage(context, name)
  if (match === undefined) throw notFound(name)
  return match
}

/** Undefined where there is none. A name that is there is found without listing a folder. */
export async function matchImage(context: Context, name: string): Promise<ImageMatch | undefined> {
  const reference = tryReference(name)
  const stored = reference === undefined ? undefined : await byReference(context, reference)
  if (stored !== undefined) return { id: stored.image, reference: stored }
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(name)?.[1]
  if (prefix !== undefined) {
    const id = await byPrefix(context, prefix)
    if (id !== undefined) return { id, reference: undefined }
  }
  // A bad reference that is no id either is told as such, unless nothing but its case or an id is wrong.
  if (reference === undefined && prefix === undefined) parseReference(name)
  return undefined
}

function tryReference(name: string): Reference | undefined {
  if (name.startsWith('sha256:')) return undefined
  try {
    return parseReference(name)
  } catch {
    return undefined
  }
}

async function byReference(context: Context, reference: Reference): Promise<StoredReference | undefined> {
  if (reference.digest === undefined) return readReference(context, formatReference(reference))
  // repo:tag@digest: the digest decides.
  const direct = await readReference(context, `${fullName(reference)}@${reference.digest}`)
  if (direct !== undefined || reference.tag === undefined) return direct
  const tagged = await readReference(context, formatReference({ ...reference, digest: undefined }))
  return tagged?.digest === reference.digest ? tagged : undefined
}

async function byPrefix(context: Context, prefix: string): Promise<string | undefined> {
  if (prefix.length === 64) return (await readStoredImage(context, `sha256:${prefix}`)) === undefined ? undefined : `sha256:${prefix}`
  const matches = (await listImageIds(context)).filter((id) => id.startsWith(`sha256:${prefix}`))
  if (matches.length > 1) {
    throw new LichenError(`image id ${prefix} is ambiguous: ${matches.length} images begin with it`, {
      code: 'IMAGE_AMBIGUOUS',
      exitCode: 1,
      hint: 'give more digits of the id (lichen images)',
    })
  }
  return matches[0]
}

export const notFound = (name: string): LichenError =>
  new LichenError(`No such image: ${displayName(name)}`, { code: 'IMAGE_NOT_FOUND', exitCode: 1, hint: 'lichen images shows what is here' })

function displayName(name: string): string {
  return /[:@]/.test(name) || /^[0-9a-f]{12,64}$/.test(name) ? name : `${name}:latest`
}
