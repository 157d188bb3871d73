import type { Identity, IdMapping } from '../plan/plan.ts'
import type { TarEntry, TarHandlers } from './tar/reader.ts'

const NOBODY = 65534
const SETUID_AND_SETGID = 0o6000

export interface Squashing {
  handlers: TarHandlers
  /** In words, what was done; undefined: nothing. */
  said(): string | undefined
}

/**
 * `--squash-ids`: what belongs to an id that the map does not have is made nobody's, and no setuid program any more: it would
 * have been for somebody else's rights. With a single id all owners are put aside anyway. No I/O.
 */
export function squashIds(handlers: TarHandlers, { uidMappings, gidMappings }: Pick<Identity, 'uidMappings' | 'gidMappings'>): Squashing {
  const single = uidMappings.length === 1 && uidMappings[0]!.size === 1
  let count = 0
  let first: TarEntry | undefined
  return {
    handlers: {
      ...handlers,
      entry(entry) {
        const uid = nearest(uidMappings, entry.uid)
        const gid = nearest(gidMappings, entry.gid)
        if (single || entry.type === 'hardlink' || (uid === entry.uid && gid === entry.gid)) return handlers.entry(entry)
        count++
        first ??= entry
        handlers.entry({ ...entry, uid, gid, mode: entry.mode & ~SETUID_AND_SETGID })
      },
    },
    said() {
      if (first === undefined) return undefined
      const name = Buffer.from(first.name, 'latin1').toString('utf8')
      return `made nobody's: ${count} ${count === 1 ? 'file' : 'files'} of ids that your containers do not have, first of all /${name} (${first.uid}:${first.gid})`
    },
  }
}

/** The id itself, else nobody, else root where not even nobody is there. */
function nearest(mappings: readonly IdMapping[], id: number): number {
  const has = (wanted: number) => mappings.some(({ container, size }) => wanted >= container && wanted - container < size)
  return has(id) ? id : has(NOBODY) ? NOBODY : 0
}
