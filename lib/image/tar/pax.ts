import { TarError } from './tar-error.ts'

/** Keywords are text, values are bytes: file capabilities, for one, are no text. */
export type PaxRecords = Map<string, Buffer>

/**
 * The body of an extended header, "LENGTH KEYWORD=VALUE\n" in a row. Of a keyword that comes twice the last counts, but the pairs
 * of the first sparse format are gathered in GNU.sparse.map. Throws TarError.
 */
export function parsePax(body: Buffer): PaxRecords {
  const records: PaxRecords = new Map()
  const sparse: string[] = []
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at)
    const digits = space === -1 ? '' : body.toString('latin1', at, space)
    const end = at + Number(digits)
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > body.length || end <= space + 2 || body[end - 1] !== 0x0a) throw damaged()
    const equals = body.indexOf(0x3d, space)
    if (equals === -1 || equals >= end || equals === space + 1) throw damaged()
    const keyword = body.toString('latin1', space + 1, equals)
    const value = body.subarray(equals + 1, end - 1)
    if (/\0/.test(keyword) || (/^(?:path|linkpath)$/.test(keyword) && value.includes(0))) throw new TarError('a name has a NUL byte in it')
    if (keyword === 'GNU.sparse.offset' || keyword === 'GNU.sparse.numbytes') sparse.push(value.toString('latin1'))
    else records.set(keyword, value)
    at = end
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', Buffer.from(sparse.join(','), 'latin1'))
  return records
}

const damaged = () => new TarError('an extended header is damaged')

/** Undefined where it is missing or empty, which means: as the header says. */
export function paxText(records: PaxRecords, keyword: string): string | undefined {
  const value = records.get(keyword)
  return value === undefined || value.length === 0 ? undefined : value.toString('latin1')
}

export function paxNumber(records: PaxRecords, keyword: string): number | undefined {
  const text = paxText(records, keyword)
  if (text === undefined) return undefined
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new TarError(`an extended header has ${JSON.stringify(text.slice(0, 40))} for ${keyword}`)
  return value
}

export interface Time {
  seconds: number
  /** 0 to 999999999 */
  nanoseconds: number
}

export function paxTime(records: PaxRecords, keyword: string): Time | undefined {
  const text = paxText(records, keyword)
  if (text === undefined) return undefined
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) ?? []
  const seconds = Number(whole)
  if (!Number.isSafeInteger(seconds)) throw new TarError(`an extended header has ${JSON.stringify(text.slice(0, 40))} for ${keyword}`)
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'))
  if (sign === '') return { seconds, nanoseconds }
  return nanoseconds === 0 ? { seconds: -seconds, nanoseconds } : { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds }
}
