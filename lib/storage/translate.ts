import type { Identity, IdMapping } from '../plan/plan.ts'

/**
 * fuse-overlayfs options that show layers, unpacked under the store's map, with the owners the image meant, to a
 * container with another map (`--userns keep-id`): no copy, no chown. Format: underlying:shown:length, the
 * underlying id as the container's namespace counts, although fuse-overlayfs(1) reads the other way round; tried with 1.10, both
 * what is read and what is written.
 */
export function translationOptions(store: Identity, container: Identity): string {
  const uids = compose(store.uidMappings, container.uidMappings)
  const gids = compose(store.gidMappings, container.gidMappings)
  return `uidmapping=${format(uids)},gidmapping=${format(gids)}`
}

interface Range {
  shown: number
  underlying: number
  size: number
}

/** Image id -> host id by `store`, host id -> id inside by the inverse of `container`; what has no id inside is left out. */
export function compose(store: IdMapping[], container: IdMapping[]): Range[] {
  const ranges: Range[] = []
  for (const outer of store) {
    for (const inner of container) {
      const from = Math.max(outer.host, inner.host)
      const to = Math.min(outer.host + outer.size, inner.host + inner.size)
      if (from >= to) continue
      ranges.push({ shown: outer.container + (from - outer.host), underlying: inner.container + (from - inner.host), size: to - from })
    }
  }
  return ranges.sort((a, b) => a.shown - b.shown)
}

const format = (ranges: Range[]) => ranges.map(({ shown, underlying, size }) => `${underlying}:${shown}:${size}`).join(':')
