import type { Context } from '../system/context.ts'
import { parseReference, type Reference } from './reference.ts'
import { listReferences } from './references.ts'
import { listStoredImages, type StoredImage } from './store.ts'

/** A token for very many repositories is refused by some registries. */
const MOST_SOURCES = 8

/**
 * For blobs of an image: another repository of the target's registry that has been seen to have it, because an image with
 * that blob was pulled from there or pushed to there. It saves sending the blob.
 */
export async function mountSources(context: Context, image: StoredImage, target: Reference): Promise<Map<string, string>> {
  const [images, references] = await Promise.all([listStoredImages(context), listReferences(context)])
  const wanted = new Set([...image.layers.map(({ blob }) => blob), image.id])
  const sources = new Map<string, string>()
  for (const { reference, image: id } of references) {
    const { registry, repository, digest } = parseReference(reference)
    if (digest === undefined || registry !== target.registry || repository === target.repository) continue
    const other = images.find((candidate) => candidate.id === id)
    for (const blob of other === undefined ? [] : [...other.layers.map((layer) => layer.blob), other.id]) {
      if (wanted.has(blob) && !sources.has(blob) && new Set([...sources.values(), repository]).size <= MOST_SOURCES) sources.set(blob, repository)
    }
  }
  return sources
}
