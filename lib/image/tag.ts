import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { notFound, requireMatch } from './find.ts'
import { formatReference, parseReference } from './reference.ts'
import { listReferences, readReference, removeReference, type StoredReference, writeReference } from './references.ts'
import { readStoredImage, withStoreLock } from './store.ts'

/** Lets names point to the image that `source` means; those that pointed elsewhere are moved. Gives its id. Throws IMAGE_NOT_FOUND, BAD_REFERENCE. */
export async function tagImage(context: Context, source: string, targets: readonly string[]): Promise<string> {
  const references = targets.map(tagOnly)
  return withStoreLock(context, async () => {
    const match = await requireMatch(context, source)
    const image = await readStoredImage(context, match.id)
    if (image === undefined) throw notFound(source)
    const index = match.reference?.index
    for (const reference of references)
      await writeReference(context, { reference, image: image.id, digest: image.manifest.digest, ...(index === undefined ? {} : { index }) })
    return image.id
  })
}

/** A name that may be given to an image: normalised, with a tag and without a digest. Throws BAD_REFERENCE. */
export function tagOnly(name: string): string {
  const reference = parseReference(name)
  if (reference.digest === undefined) return formatReference(reference)
  throw new LichenError(`refusing to create a tag with a digest reference: ${JSON.stringify(name)}`, {
    code: 'BAD_REFERENCE',
    exitCode: 1,
    hint: 'a digest names its image by itself: REPOSITORY[:TAG]',
  })
}

/** Takes names away from the image that `source` means, all of them where none is given; the image stays. Gives those taken. */
export async function untagImage(context: Context, source: string, names: readonly string[]): Promise<string[]> {
  const wanted = names.map((name) => formatReference(parseReference(name)))
  return withStoreLock(context, async () => {
    const { id } = await requireMatch(context, source)
    const taken =
      names.length === 0
        ? (await listReferences(context)).filter(({ image }) => image === id)
        : await Promise.all(wanted.map((reference) => ofImage(context, id, reference)))
    for (const { reference } of taken) await removeReference(context, reference)
    return taken.map(({ reference }) => reference)
  })
}

async function ofImage(context: Context, id: string, reference: string): Promise<StoredReference> {
  const stored = await readReference(context, reference)
  if (stored?.image === id) return stored
  throw new LichenError(`${reference} is not a name of image ${id}`, { code: 'IMAGE_NOT_FOUND', exitCode: 1 })
}
