/** What of a log is wanted, and how it is printed. */
export interface LogWish {
  /** Canonical UTC text (see parseWhen), both inclusive; undefined: no bound. */
  since: string | undefined
  until: string | undefined
  /** Each record begins with its time. */
  timestamps: boolean
  /** Each record begins with the attributes that --log-opt asked for. */
  details: boolean
}

/** A piece of what the container wrote, in order. `stream` is 1 for stdout and 2 for stderr. */
export interface LogPiece {
  stream: 1 | 2
  bytes: Uint8Array
}

/**
 * Turns whole lines of a log file into what is to be printed. `done` when a record was later than `until`: the rest is too.
 * Pieces are valid until the next call.
 */
export interface LogDecoder {
  decode(lines: Buffer): { pieces: LogPiece[]; done: boolean }
}

const CANONICAL = '2024-05-01T12:00:00.123456789Z'

/** RFC 3339 with any number of digits and any zone, as canonical UTC text; undefined for anything else. */
export function canonicalLogTime(time: string): string | undefined {
  if (time.length === CANONICAL.length && time[10] === 'T' && time.endsWith('Z')) return time
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(time)
  if (match === null) return undefined
  const [, seconds = '', fraction = '', zone = ''] = match
  const utc = zone === 'Z' || zone === '+00:00' ? seconds : new Date(Date.parse(`${seconds}${zone}`)).toISOString().slice(0, 19)
  return `${utc}.${fraction.padEnd(9, '0')}Z`
}
