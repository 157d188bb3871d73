import type { IdMapping } from '../plan/plan.ts'

/** `count` ids from `start` on, as a line of /etc/subuid grants them. */
export interface IdRange {
  start: number
  count: number
}

export type UsernsMode =
  | { kind: 'default' }
  /** The user's own id is `uid`:`gid` inside (undefined: the same as outside). */
  | { kind: 'keep-id'; uid: number | undefined; gid: number | undefined }
  /** The user's own id is not in the container at all. */
  | { kind: 'nomap' }

/** The kernel takes 340 extents at most (since 4.15). */
const MAX_EXTENTS = 340
/** 4294967295 is "no id"; ids end before it. */
const END_OF_IDS = 4294967295

/** The maps of a user namespace. Without ranges, a map of the user's one id. */
export function mapIdentity(input: { mode: UsernsMode; uid: number; gid: number; subuids: IdRange[]; subgids: IdRange[] }): {
  uidMappings: IdMapping[]
  gidMappings: IdMapping[]
} {
  const { mode, uid, gid, subuids, subgids } = input
  const inside = mode.kind === 'keep-id' ? { uid: mode.uid ?? uid, gid: mode.gid ?? gid } : { uid: 0, gid: 0 }
  const own = mode.kind !== 'nomap'
  return {
    uidMappings: mapIds(own ? { container: inside.uid, host: uid } : undefined, cleanRanges(subuids, uid)),
    gidMappings: mapIds(own ? { container: inside.gid, host: gid } : undefined, cleanRanges(subgids, gid)),
  }
}

/** The host's id for the map's root. */
export const hostRoot = (mappings: readonly IdMapping[]): number => mappings.find(({ container }) => container === 0)?.host ?? 0

/** Container ids from 0 on take the ranges in their order; the own one, if any, is put in at its place. */
function mapIds(own: { container: number; host: number } | undefined, ranges: IdRange[]): IdMapping[] {
  const mappings: IdMapping[] = []
  let next = 0
  for (const range of ranges) {
    let { start, count } = range
    if (own !== undefined && next <= own.container && own.container < next + count) {
      const before = own.container - next
      if (before > 0) mappings.push({ container: next, host: start, size: before })
      next = own.container + 1
      start += before
      count -= before
    }
    count = Math.min(count, END_OF_IDS - next)
    if (count > 0) mappings.push({ container: next, host: start, size: count })
    next += count
  }
  const mapped = mappings.slice(0, MAX_EXTENTS - 1)
  if (own !== undefined) mapped.push({ ...own, size: 1 })
  return mapped.sort((a, b) => a.container - b.container)
}

/** The kernel refuses a map that names a host id twice: later ranges give way, and all of them to the user's own id. */
export function cleanRanges(ranges: IdRange[], own: number): IdRange[] {
  const taken: IdRange[] = [{ start: own, count: 1 }]
  const clean: IdRange[] = []
  for (const range of ranges) {
    let pieces = [{ start: range.start, count: Math.min(range.count, END_OF_IDS - range.start) }]
    for (const other of taken) pieces = pieces.flatMap((piece) => subtract(piece, other))
    clean.push(...pieces)
    taken.push(...pieces)
  }
  return clean
}

function subtract(range: IdRange, other: IdRange): IdRange[] {
  const end = range.start + range.count
  const otherEnd = other.start + other.count
  return [
    { start: range.start, count: Math.min(end, other.start) - range.start },
    { start: Math.max(range.start, otherEnd), count: end - Math.max(range.start, otherEnd) },
  ].filter(({ count }) => count > 0)
}

/** Ranges of /etc/subuid or /etc/subgid that are for this user, by name or by number, in the order of the file. */
export function parseSubids(text: string, name: string | undefined, uid: number): IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [owner, start, count, ...rest] = line.trim().split(':')
    if (owner !== name && owner !== String(uid)) return []
    if (rest.length > 0 || !isId(start) || !isId(count) || Number(count) === 0) return []
    return [{ start: Number(start), count: Number(count) }]
  })
}

/** Every range of the file, whoever has it. */
export function parseAllSubids(text: string): (IdRange & { owner: string })[] {
  return text.split('\n').flatMap((line) => {
    const [owner = '', start, count] = line.trim().split(':')
    return isId(start) && isId(count) ? [{ owner, start: Number(start), count: Number(count) }] : []
  })
}

/** Lines of `getsubids USER`: "0: alice 100000 65536". */
export function parseGetsubids(text: string): IdRange[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\d+:\s+\S+\s+(\d+)\s+(\d+)\s*$/.exec(line)
    return match === null ? [] : [{ start: Number(match[1]), count: Number(match[2]) }]
  })
}

const isId = (text: string | undefined) => text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= END_OF_IDS

/** Value of `--userns`; undefined for one that is none of ours. "host" means what it can mean without root: the default. */
export function parseUserns(text: string): UsernsMode | undefined {
  if (text === '' || text === 'host' || text === 'private') return { kind: 'default' }
  if (text === 'nomap') return { kind: 'nomap' }
  const [kind, rest] = [text.split(':', 1)[0], text.slice(text.indexOf(':') + 1)]
  if (kind !== 'keep-id') return undefined
  const ids: { uid: number | undefined; gid: number | undefined } = { uid: undefined, gid: undefined }
  if (!text.includes(':')) return { kind, ...ids }
  for (const option of rest.split(',')) {
    const match = /^(uid|gid)=(\d{1,10})$/.exec(option)
    if (match === null || Number(match[2]) >= END_OF_IDS) return undefined
    ids[match[1] as 'uid' | 'gid'] = Number(match[2])
  }
  return { kind, ...ids }
}
