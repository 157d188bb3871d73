import type { Context } from '../system/context.ts'
import { readBlob } from './blobs.ts'
import type { Image } from './image.ts'
import type { ImageConfiguration } from './manifest.ts'
import { familiarName, familiarReference, parseReference } from './reference.ts'
import { listReferences, type StoredReference } from './references.ts'
import { listStoredImages, type StoredImage } from './store.ts'

/** All images, those made last first. One that can't be read is left out, and handed to `broken`. */
export async function listImages(context: Context, broken: (id: string, error: unknown) => void = () => {}): Promise<Image[]> {
  const [stored, references] = await Promise.all([listStoredImages(context, broken), listReferences(context)])
  const byImage = new Map<string, StoredReference[]>()
  for (const reference of references) byImage.set(reference.image, [...(byImage.get(reference.image) ?? []), reference])
  // No list of images loads what few of them need.
  const members = references.some(({ index }) => index !== undefined)
    ? await (await import('./image-index.ts')).memberNames(context, references)
    : new Map<string, string[]>()
  const withMembers = async (image: StoredImage) => {
    const own = byImage.get(image.id) ?? []
    const repositories = own.length > 0 ? undefined : members.get(image.manifest.digest)
    if (repositories === undefined) return assembleImage(context, image, own)
    const { digest } = image.manifest
    const names = repositories.map((repository) => ({ reference: `${repository}@${digest}`, image: image.id, digest }))
    return { ...(await assembleImage(context, image, names)), isMember: true }
  }
  const images = await Promise.all(
    stored.map((image) =>
      withMembers(image).catch((error: unknown) => {
        broken(image.id, error)
        return undefined
      }),
    ),
  )
  return images.filter((image) => image !== undefined).sort((a, b) => createdOf(b) - createdOf(a) || (a.id < b.id ? -1 : 1))
}

/** Milliseconds: builders write their own zones down. */
const createdOf = (image: Image) => Date.parse(image.configuration.created ?? '') || 0

/** The image as commands see it, with the references that are given. */
export async function assembleImage(context: Context, stored: StoredImage, references: readonly StoredReference[]): Promise<Image> {
  const configuration = JSON.parse((await readBlob(context, stored.id)).toString('utf8')) as ImageConfiguration
  const names = references.map(({ reference }) => parseReference(reference))
  return {
    id: stored.id,
    manifestDigest: stored.manifest.digest,
    configuration,
    layers: stored.layers.map(({ diffId }) => diffId),
    size: stored.size,
    ...(stored.parent === undefined ? {} : { parent: stored.parent }),
    references: names.filter(({ tag }) => tag !== undefined).map(familiarReference),
    repoDigests: names.filter(({ tag, digest }) => tag === undefined && digest !== undefined).map((name) => `${familiarName(name)}@${name.digest}`),
  }
}
