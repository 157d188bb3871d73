import { usageError } from './usage-error.ts'

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * A moment as Docker's --since and --until take it: RFC 3339 (parts may be left out; without a zone it is local time), seconds of
 * the epoch, or a Go duration (`1h30m`) before `now`. The result is UTC with nine digits of a second, so that moments compare as
 * text. Throws USAGE; `flag` is named where there is one.
 */
export function parseWhen(text: string, flag: string, now: number): string {
  const before = text === '0' ? undefined : goDuration(text)
  if (before !== undefined) return canonicalTime(now - before)
  const date = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$/i.exec(text)
  if (date !== null) {
    const [, day = '', hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = date
    const moment = Date.parse(`${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`)
    if (!Number.isNaN(moment)) return canonicalTime(moment, fraction)
  }
  const epoch = /^(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text)
  if (epoch !== null) return canonicalTime(Number(epoch[1]) * 1000, epoch[2])
  throw usageError(
    `${flag === '' ? '' : `invalid value for "${flag}": `}failed to parse value as time or duration: ${JSON.stringify(text)}`,
    '2024-05-01T12:00:00Z, 1714564800 or 10m',
    1,
  )
}

/** Milliseconds; undefined where it is no duration. */
export function goDuration(text: string): number | undefined {
  const body = text.replace(/^[+-]/, '')
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined
  let sum = 0
  for (const [, number, unit] of body.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) sum += Number(number) * units[unit!]!
  return text.startsWith('-') ? -sum : sum
}

/** `fraction`: digits behind the point of the second; absent: those of the milliseconds. */
function canonicalTime(milliseconds: number, fraction?: string): string {
  const text = new Date(milliseconds).toISOString()
  return fraction === undefined || fraction === '' ? `${text.slice(0, -1)}000000Z` : `${text.slice(0, 19)}.${fraction.padEnd(9, '0')}Z`
}
