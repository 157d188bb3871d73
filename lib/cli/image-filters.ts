import type { Image } from '../image/image.ts'
import { type Filters, fitsLabel, passes } from './filters.ts'
import { expression, pathMatch } from './path-match.ts'
import { usageError } from './usage-error.ts'
import { parseWhen } from './when.ts'

/** Docker's, and podman's behind them; `after` is `since`. */
export const imageFilterNames = [
  ...['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'],
  ...['after', 'containers', 'digest', 'id', 'intermediate', 'manifest', 'readonly', 'reference!'],
] as const

const switches = ['dangling', 'containers', 'intermediate', 'manifest', 'readonly']

/** An image that no tag points to, nor stands for. */
export const isDangling = (image: Image): boolean => image.references.length === 0 && image.isMember !== true

/** What can be wrong with values, before anything is listed. Throws USAGE. */
export function checkImageFilters(filters: Filters): void {
  for (const name of switches) for (const value of filters.get(name) ?? []) booleanValue(name, value)
  for (const text of filters.get('until') ?? []) parseWhen(text, '', 0)
  for (const name of ['reference', 'reference!']) {
    for (const pattern of filters.get(name) ?? []) {
      if (expression(pattern) === undefined) throw usageError(`invalid filter '${name}=${pattern}'`, 'a name with * and ?, such as busybox:*', 1)
    }
  }
}

export interface FilterFacts {
  /** Creation of the image that `before` or `since` names. */
  createdOf(name: string): Promise<string>
  /** Ids of the images that containers were made of. */
  inUse(): Promise<ReadonlySet<string>>
  now: number
}

/** The images that pass; of one that is found by its name only the names that fit are left. */
export async function filterImages(images: readonly Image[], filters: Filters, facts: FilterFacts): Promise<Image[]> {
  if (filters.size === 0) return [...images]
  const { createdOf, now } = facts
  const moments = (...names: string[]) => Promise.all(names.flatMap((name) => filters.get(name) ?? []).map(async (name) => moment(await createdOf(name))))
  const [before, since] = await Promise.all([moments('before'), moments('since', 'after')])
  const inUse = filters.has('containers') ? await facts.inUse() : new Set<string>()
  const until = (filters.get('until') ?? []).map((text) => Date.parse(parseWhen(text, '', now)))
  const fits = (image: Image) => {
    const created = moment(image.configuration.created ?? '')
    return (
      passes(filters, 'dangling', (value) => isDangling(image) === booleanValue('dangling', value)) &&
      passes(filters, 'containers', (value) => inUse.has(image.id) === booleanValue('containers', value)) &&
      // There is nothing of these here: no image is but a step to another one, a list of images, or in a store that is not the user's.
      ['intermediate', 'manifest', 'readonly'].every((name) => passes(filters, name, (value) => !booleanValue(name, value))) &&
      passes(filters, 'digest', (digest) => image.manifestDigest.replace(/^sha256:/, '').startsWith(digest.replace(/^sha256:/, ''))) &&
      passes(filters, 'label', (label) => fitsLabel(image.configuration.config?.Labels ?? {}, label)) &&
      (filters.get('label!') ?? []).every((label) => !fitsLabel(image.configuration.config?.Labels ?? {}, label)) &&
      passes(filters, 'id', (id) => image.id.replace(/^sha256:/, '').startsWith(id.replace(/^sha256:/, ''))) &&
      before.every((bound) => created < bound) &&
      since.every((bound) => created > bound) &&
      until.every((bound) => !(Date.parse(created) > bound))
    )
  }
  const patterns = filters.get('reference')
  const unwanted = filters.get('reference!') ?? []
  const fitting = images.filter((image) => fits(image) && (unwanted.length === 0 || withFittingNames(image, unwanted).length === 0))
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

/** Comparable as text, whatever its zone and however fine; "" where nobody knows. */
function moment(created: string): string {
  try {
    return created === '' ? '' : parseWhen(created, 'created', 0)
  } catch {
    return ''
  }
}

function booleanValue(name: string, text: string): boolean {
  if (['true', '1', 't', 'True', 'TRUE', 'T'].includes(text)) return true
  if (['false', '0', 'f', 'False', 'FALSE', 'F'].includes(text)) return false
  throw usageError(`invalid filter '${name}=[${text}]'`, `${name}=true or ${name}=false`, 1)
}
