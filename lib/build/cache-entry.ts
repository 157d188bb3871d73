/** Something that builds have left to be used again. */
export interface CacheEntry {
  id: string
  kind: 'step' | 'mount'
  text: string
  /** RFC 3339 */
  created: string
  /** When it was used last; RFC 3339. */
  used: string
  uses: number
  /** Bytes. */
  size: number
  /** An image has it, too: nothing is gained where it goes. */
  shared: boolean
}

/** Bytes that are there for the cache alone. */
export const ownSize = (entries: readonly CacheEntry[]): number => entries.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0)

/** What goes first so that no more than `keep` bytes are left: what has not been used for the longest time. Pure. */
export function beyond(entries: readonly CacheEntry[], keep: number): CacheEntry[] {
  let size = ownSize(entries)
  return [...entries]
    .sort((a, b) => (a.used < b.used ? -1 : 1))
    .filter((entry) => {
      if (size <= keep) return false
      size -= entry.shared ? 0 : entry.size
      return true
    })
}
