import type { Volume } from '../storage/volumes.ts'
import { type Filters, fitsLabel, parseFilters, passes } from './filters.ts'
import { usageError } from './usage-error.ts'
import { volumeLabels } from './volume-document.ts'
import { parseWhen } from './when.ts'

/** Docker's, and podman's `until`, `since`, `opt`, `scope` and `label!`. */
export const volumeFilters = ['dangling', 'driver', 'label', 'label!', 'name', 'opt', 'scope', 'since', 'until']

/** `--filter` of `volume ls`. `used`: whether a container has it; asked only where the filters want to know. Throws USAGE. */
export function volumeFilter(entries: readonly string[], now: number): { asksForUse: boolean; fits(volume: Volume, used: boolean): boolean } {
  const filters = parseFilters(entries, volumeFilters)
  const dangling = (filters.get('dangling') ?? []).map((text) => boolean('dangling', text))
  const bounds = boundsOf(filters, now)
  return {
    asksForUse: dangling.length > 0,
    fits: (volume, used) =>
      (dangling.length === 0 || dangling.includes(!used)) &&
      passes(filters, 'driver', (driver) => driver === 'local') &&
      passes(filters, 'scope', (scope) => scope === 'local') &&
      passes(filters, 'name', (name) => expression(name).test(volume.name)) &&
      passes(filters, 'opt', (option) => fitsLabel(volume.options, option)) &&
      fitsLabels(filters, volume) &&
      bounds(volume),
  }
}

/** `--filter` of `volume prune`: label, label!, until, and Docker's `all=true`. Throws USAGE. */
export function pruneFilter(entries: readonly string[], now: number): { all: boolean; fits(volume: Volume): boolean } {
  const filters = parseFilters(entries, ['label', 'label!', 'until', 'all'])
  const bounds = boundsOf(filters, now)
  return { all: (filters.get('all') ?? []).map((text) => boolean('all', text)).includes(true), fits: (volume) => fitsLabels(filters, volume) && bounds(volume) }
}

const fitsLabels = (filters: Filters, volume: Volume) =>
  passes(filters, 'label', (label) => fitsLabel(volumeLabels(volume), label)) &&
  !(filters.get('label!') ?? []).some((label) => fitsLabel(volumeLabels(volume), label))

function boundsOf(filters: Filters, now: number): (volume: Volume) => boolean {
  const moments = (name: string) => (filters.get(name) ?? []).map((text) => Date.parse(parseWhen(text, '', now)))
  const [before, after] = [moments('until'), moments('since')]
  return ({ created }) => before.every((bound) => Date.parse(created) < bound) && after.every((bound) => Date.parse(created) > bound)
}

function boolean(name: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw usageError(`invalid filter '${name}=[${text}]'`, 'true or false', 1)
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (cause) {
    throw usageError(`invalid filter 'name=${text}'`, (cause as Error).message, 1)
  }
}
