import type { Image } from '../image/image.ts'
import { type Filters, fitsLabel, passes } from './filters.ts'
import { expression, pathMatch } from './path-match.ts'
import { usageError } from './usage-error.ts'
import { parseWhen } from './when.ts'

export const imageFilterNames = ['dangling', 'label', 'before', 'since', 'reference', 'until', 'id'] as const

/** An image that no tag points to. */
export const isDangling = (image: Image): boolean => image.references.length === 0

/** What can be wrong with values, before anything is listed. Throws USAGE. */
export function checkImageFilters(filters: Filters): void {
  for (const value of filters.get('dangling') ?? []) booleanValue(value)
  for (const pattern of filters.get('reference') ?? []) {
    if (expression(pattern) === undefined) throw usageError(`invalid filter 'reference=${pattern}'`, 'a name with * and ?, such as busybox:*', 1)
  }
}

/**
 * The images that pass; of one that is found by its name only the names that fit are left. `createdOf` gives the creation
 * of the image that `before` or `since` names.
 */
export async function filterImages(images: readonly Image[], filters: Filters, createdOf: (name: string) => Promise<string>, now: number): Promise<Image[]> {
  const before = await Promise.all((filters.get('before') ?? []).map(createdOf))
  const since = await Promise.all((filters.get('since') ?? []).map(createdOf))
  const until = (filters.get('until') ?? []).map((text) => Date.parse(parseWhen(text, '--filter', now)))
  const fits = (image: Image) => {
    const created = image.configuration.created ?? ''
    return (
      passes(filters, 'dangling', (value) => isDangling(image) === booleanValue(value)) &&
      passes(filters, 'label', (label) => fitsLabel(image.configuration.config?.Labels ?? {}, label)) &&
      (filters.get('label!') ?? []).every((label) => !fitsLabel(image.configuration.config?.Labels ?? {}, label)) &&
      passes(filters, 'id', (id) => image.id.replace(/^sha256:/, '').startsWith(id.replace(/^sha256:/, ''))) &&
      before.every((bound) => created < bound) &&
      since.every((bound) => created > bound) &&
      until.every((bound) => !(Date.parse(created) > bound))
    )
  }
  const patterns = filters.get('reference')
  const fitting = images.filter(fits)
  return patterns === undefined ? fitting : fitting.flatMap((image) => withFittingNames(image, patterns))
}

function withFittingNames(image: Image, patterns: readonly string[]): Image[] {
  const fits = (name: string) =>
    patterns.some(
      (pattern) => pathMatch(pattern, name) || pathMatch(pattern, name.replace(/@.*$/, '')) || pathMatch(pattern, name.replace(/@.*$|:[^/:]*$/, '')),
    )
  const references = image.references.filter(fits)
  const repoDigests = image.repoDigests.filter(fits)
  return references.length + repoDigests.length === 0 ? [] : [{ ...image, references, repoDigests }]
}

function booleanValue(text: string): boolean {
  if (['true', '1', 't', 'True', 'TRUE', 'T'].includes(text)) return true
  if (['false', '0', 'f', 'False', 'FALSE', 'F'].includes(text)) return false
  throw usageError(`invalid filter 'dangling=${text}'`, 'dangling=true or dangling=false', 1)
}
