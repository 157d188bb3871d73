import { LichenError } from '../system/errors.ts'
import type { IdMapRule } from './options.ts'
import type { IdMapping } from './plan.ts'

/** The kernel takes no more lines (user_namespaces(7)). */
const MAX_EXTENTS = 340

/** `size` ids from `container` on are those from `from` on in the intermediate numbering: 0 is the user, from 1 on are his subordinate ids. */
interface Piece {
  container: number
  from: number
  size: number
}

/**
 * Carries out `--uidmap` or `--gidmap` on the ids that the user has (`own`: intermediate to host, the default map of a container). Gives plain rules,
 * which are the same whatever they are applied to later. Where all of them extend, what is left of the user's ids fills the container's
 * from 0 on. Throws BAD_ID_MAP.
 */
export function resolveIdMap(rules: readonly IdMapRule[], own: readonly IdMapping[], flag: string): IdMapRule[] {
  let pieces: Piece[] = []
  for (const rule of rules) {
    for (const piece of rule.host ? fromHost(rule, own, flag) : [rule]) {
      requireOwn(piece, own, flag)
      if (rule.extend) pieces = pieces.flatMap((other) => without(without([other], 'container', piece), 'from', piece))
      else for (const other of pieces) requireApart(piece, other, flag)
      pieces.push({ container: piece.container, from: piece.from, size: piece.size })
    }
  }
  if (rules.length > 0 && rules.every(({ extend }) => extend)) pieces.push(...filling(pieces, own))
  return merged(pieces).map((piece) => ({ ...piece, host: false, extend: false }))
}

/** The map itself: container to host. Throws BAD_ID_MAP where the user's ids have become fewer. */
export function idMapOf(rules: readonly IdMapRule[], own: readonly IdMapping[], flag: string): IdMapping[] {
  if (rules.length === 0) return [...own]
  const mappings = rules.flatMap((rule) => {
    requireOwn(rule, own, flag)
    return own.flatMap((range) => {
      const part = common(rule, 'from', { from: range.container, size: range.size })
      return part === undefined ? [] : [{ container: part.container, host: range.host + (part.from - range.container), size: part.size }]
    })
  })
  if (mappings.length > MAX_EXTENTS) throw badMap(flag, `it needs ${mappings.length} lines, and the kernel takes ${MAX_EXTENTS}`)
  return mappings.sort((a, b) => a.container - b.container)
}

function fromHost(rule: IdMapRule, own: readonly IdMapping[], flag: string): Piece[] {
  const pieces = own.flatMap(({ container, host, size }) => {
    const part = common(rule, 'from', { from: host, size })
    return part === undefined ? [] : [{ ...part, from: container + (part.from - host) }]
  })
  if (pieces.reduce((sum, { size }) => sum + size, 0) === rule.size) return pieces
  const missing = firstMissing(
    rule,
    own.map(({ host, size }) => ({ from: host, size })),
  )
  const ranges = own.map(({ host, size }) => span(host, size)).join(', ')
  throw badMap(flag, `the host's id ${missing} is not one of yours, which are ${ranges}`)
}

function requireOwn(piece: Piece, own: readonly IdMapping[], flag: string): void {
  const ranges = own.map(({ container, size }) => ({ from: container, size })).sort((a, b) => a.from - b.from)
  const missing = firstMissing(piece, ranges)
  if (missing === undefined) return
  const whole = merged(ranges.map(({ from, size }) => ({ container: from, from, size })))
  throw badMap(
    flag,
    `there is no intermediate id ${missing}: you have ${whole.map(({ from, size }) => span(from, size)).join(', ')}`,
    '0 is you, from 1 on are your subordinate ids in /etc/subuid and /etc/subgid',
  )
}

function requireApart(piece: Piece, other: Piece, flag: string): void {
  const inside = common(piece, 'container', other)
  if (inside !== undefined) throw badMap(flag, `the container's id ${inside.container} is mapped twice`, 'a + in front takes it from the one before')
  const from = common(piece, 'from', other)
  if (from !== undefined) throw badMap(flag, `the intermediate id ${from.from} is mapped twice`, 'a + in front takes it from the one before')
}

function firstMissing(wanted: { from: number; size: number }, ranges: { from: number; size: number }[]): number | undefined {
  let next = wanted.from
  for (const { from, size } of [...ranges].sort((a, b) => a.from - b.from)) if (from <= next && next < from + size) next = from + size
  return next < wanted.from + wanted.size ? next : undefined
}

type Side = 'container' | 'from'

/** What of a piece lies, on one side, within a range. */
function common(piece: Piece, side: Side, range: Partial<Piece> & { size: number }): Piece | undefined {
  const start = range[side] ?? 0
  const from = Math.max(piece[side], start)
  const to = Math.min(piece[side] + piece.size, start + range.size)
  return from < to ? slice(piece, from - piece[side], to - piece[side]) : undefined
}

const slice = (piece: Piece, from: number, to: number): Piece => ({ container: piece.container + from, from: piece.from + from, size: to - from })

function without(pieces: Piece[], side: Side, range: Piece): Piece[] {
  return pieces.flatMap((piece) => {
    const before = Math.min(piece.size, Math.max(0, range[side] - piece[side]))
    const behind = Math.max(0, Math.min(piece.size, range[side] + range.size - piece[side]))
    if (behind <= before) return [piece]
    return [slice(piece, 0, before), slice(piece, behind, piece.size)].filter(({ size }) => size > 0)
  })
}

/** The container's ids that have none, upwards, with those of the user's that are nobody's. */
function filling(pieces: readonly Piece[], own: readonly IdMapping[]): Piece[] {
  const cut = (range: Piece[], side: Side) => pieces.reduce((left, piece) => without(left, side, piece), range)
  const whole = own.map(({ container, size }) => ({ container, from: container, size }))
  const rest = cut(whole, 'from').sort((a, b) => a.from - b.from)
  const places = cut([{ container: 0, from: 0, size: END_OF_IDS }], 'container').sort((a, b) => a.container - b.container)
  const filled: Piece[] = []
  for (let place = places.shift(), piece = rest.shift(); place !== undefined && piece !== undefined; ) {
    const size = Math.min(place.size, piece.size)
    filled.push({ container: place.container, from: piece.from, size })
    place = place.size > size ? slice(place, size, place.size) : places.shift()
    piece = piece.size > size ? slice(piece, size, piece.size) : rest.shift()
  }
  return filled
}

/** 4294967295 is "no id". */
const END_OF_IDS = 4294967295

function merged(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = []
  for (const piece of [...pieces].sort((a, b) => a.container - b.container)) {
    const last = joined.at(-1)
    if (last !== undefined && last.container + last.size === piece.container && last.from + last.size === piece.from) last.size += piece.size
    else joined.push({ ...piece })
  }
  return joined
}

const span = (from: number, size: number) => (size === 1 ? String(from) : `${from} to ${from + size - 1}`)

const badMap = (flag: string, why: string, hint?: string) => new LichenError(`${flag}: ${why}`, { code: 'BAD_ID_MAP', ...(hint === undefined ? {} : { hint }) })
