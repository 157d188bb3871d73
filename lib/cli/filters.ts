import { invalidArgument, usageError } from './usage-error.ts'

export type Filters = ReadonlyMap<string, string[]>

/** `--filter name=value`; values of one name are alternatives, and an empty one says nothing. Throws USAGE for a name that is not `allowed`. */
export function parseFilters(entries: readonly string[], allowed: readonly string[]): Filters {
  const filters = new Map<string, string[]>()
  for (const entry of entries) {
    if (entry === '') continue
    const equals = entry.indexOf('=')
    if (equals === -1) throw invalidArgument(entry, '-f, --filter', 'bad format of filter (expected name=value)')
    const name = entry.slice(0, equals).trim().toLowerCase()
    if (!allowed.includes(name)) throw usageError(`invalid filter '${name}'`, `known: ${allowed.join(' ')}`, 1)
    filters.set(name, [...(filters.get(name) ?? []), entry.slice(equals + 1).trim()])
  }
  return filters
}

/** Whether `filters` let pass what fits any of a name's values; labels must fit all of them. */
export function passes(filters: Filters, name: string, fits: (value: string) => boolean): boolean {
  const values = filters.get(name)
  if (values === undefined) return true
  return name === 'label' ? values.every(fits) : values.some(fits)
}

/** `key` or `key=value`. */
export function fitsLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  if (equals === -1) return Object.hasOwn(labels, wanted)
  return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1)
}
