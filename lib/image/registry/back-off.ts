import type { IncomingHttpHeaders } from 'node:http'
import type { NetworkFailure } from './network-failure.ts'

/** How long something is tried again; milliseconds. */
export interface Patience {
  /** Tries in a row that bring nothing; one that stood still counts twice. */
  tries: number
  /** Wait before the second try; doubled for each further one. */
  first: number
  most: number
  /** Longest Retry-After that is waited out. */
  retryAfter: number
}

export const PATIENCE: Patience = { tries: 5, first: 500, most: 8_000, retryAfter: 60_000 }

/** Answers that may be others the next time. */
export const isPassing = (status: number): boolean => [408, 429, 500, 502, 503, 504].includes(status)

/** `met`: the server has answered before, so that it is not simply wrong or off. */
export const isPassingFailure = ({ kind }: NetworkFailure, met: boolean): boolean =>
  kind === 'broken' || kind === 'stalled' || (met && (kind === 'refused' || kind === 'name'))

/** With a fifth of chance, so that many clients don't come back as one. */
export const backOff = ({ first, most }: Patience, failures: number, chance = Math.random()): number =>
  Math.min(first * 2 ** (failures - 1), most) * (0.9 + chance * 0.2)

/** Milliseconds of a Retry-After header: seconds, or a date. Undefined where there is none that can be read. */
export function retryAfter(headers: IncomingHttpHeaders, now: number): number | undefined {
  const text = headers['retry-after']?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
