import type { CacheEntry } from '../build/cache-entry.ts'
import { parseFilters, passes } from './filters.ts'
import { goTime, humanDuration, humanSize } from './humanise.ts'
import { usageError } from './usage-error.ts'
import { parseWhen } from './when.ts'

export const cacheHeads = {
  ID: 'CACHE ID',
  CacheType: 'CACHE TYPE',
  Size: 'SIZE',
  CreatedSince: 'CREATED',
  LastUsedSince: 'LAST USED',
  UsageCount: 'USAGE',
  Shared: 'SHARED',
}

/** Docker's name of what is kept. */
const typeOf = ({ kind }: CacheEntry) => (kind === 'mount' ? 'exec.cachemount' : 'regular')

/** A line of `system df --verbose`, with Docker's fields. */
export function cacheRow(entry: CacheEntry, now: number) {
  const ago = (time: string) => `${humanDuration(now - Date.parse(time))} ago`
  return {
    ID: entry.id.slice(0, 12),
    Parent: '',
    CacheType: typeOf(entry),
    Description: entry.text,
    InUse: 'false',
    Shared: String(entry.shared),
    Size: humanSize(entry.size),
    CreatedAt: goTime(new Date(entry.created)),
    CreatedSince: ago(entry.created),
    LastUsedAt: goTime(new Date(entry.used)),
    LastUsedSince: ago(entry.used),
    UsageCount: String(entry.uses),
  }
}

export const duHeads = { ID: 'ID', Reclaimable: 'RECLAIMABLE', Size: 'SIZE', LastUsedSince: 'LAST ACCESSED' }
export const duTable = '{{.ID}}\t{{.Reclaimable}}\t{{.Size}}\t{{.LastUsedSince}}'

/** A line of `builder du`, with buildx's fields. */
export const duRow = (entry: CacheEntry, now: number) => ({
  ...cacheRow(entry, now),
  ID: entry.id.slice(0, 25),
  Mutable: String(entry.kind === 'mount'),
  Reclaimable: String(!entry.shared),
  Type: typeOf(entry),
})

/** `builder du --verbose`: a paragraph for each. */
export function duParagraph(entry: CacheEntry, now: number): string {
  const row = duRow(entry, now)
  const lines = [
    ['ID', row.ID],
    ['Created at', row.CreatedAt],
    ['Mutable', row.Mutable],
    ['Reclaimable', row.Reclaimable],
    ['Shared', row.Shared],
    ['Size', row.Size],
    ['Description', row.Description],
    ['Usage count', row.UsageCount],
    ['Last used', row.LastUsedSince],
    ['Type', row.Type],
  ]
  return `${lines.map(([name, value]) => `${`${name}:`.padEnd(14)}${value}\n`).join('')}`
}

/** `--filter` of `builder du` and `builder prune`. Throws USAGE. */
export function cacheFilter(entries: readonly string[], now: number): (entry: CacheEntry) => boolean {
  const filters = parseFilters(entries, ['until', 'unused-for', 'id', 'type', 'shared', 'private', 'inuse', 'mutable', 'description'])
  const bounds = [...(filters.get('until') ?? []), ...(filters.get('unused-for') ?? [])].map((text) => Date.parse(parseWhen(text, '', now)))
  const flags = {
    shared: (entry: CacheEntry) => entry.shared,
    private: (entry: CacheEntry) => !entry.shared,
    mutable: ({ kind }: CacheEntry) => kind === 'mount',
    inuse: () => false,
  }
  for (const name of Object.keys(flags)) for (const value of filters.get(name) ?? []) truth(name, value)
  return (entry) =>
    bounds.every((bound) => Date.parse(entry.used) < bound) &&
    passes(filters, 'id', (id) => entry.id.startsWith(id)) &&
    passes(filters, 'type', (type) => typeOf(entry) === type) &&
    passes(filters, 'description', (text) => entry.text.includes(text)) &&
    Object.entries(flags).every(([name, is]) => passes(filters, name, (value) => is(entry) === truth(name, value)))
}

/** `shared` alone is `shared=` with nothing behind it. */
function truth(name: string, value: string): boolean {
  if (['', '1', 't', 'true'].includes(value.toLowerCase())) return true
  if (['0', 'f', 'false'].includes(value.toLowerCase())) return false
  throw usageError(`invalid filter '${name}=${value}'`, `${name}=true or ${name}=false`, 1)
}
