import type { HealthcheckInstruction } from './instruction.ts'
import type { Word } from './source.ts'
import { jsonForm } from './words.ts'

const MILLISECOND = 1e6

/** `HEALTHCHECK [flags] CMD command` or `NONE`. Throws SyntaxError. */
export function healthcheck(base: Word & { endLine: number }, text: string, flag: (name: string) => string | undefined): HealthcheckInstruction {
  const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? []
  const kind = word.toUpperCase()
  const timing = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 }
  if (kind === 'NONE') {
    if (rest !== '') throw new SyntaxError('HEALTHCHECK NONE takes no arguments')
    return { ...base, name: 'HEALTHCHECK', command: undefined, ...timing }
  }
  if (kind !== 'CMD') throw new SyntaxError(`Unknown type ${JSON.stringify(word)} in HEALTHCHECK (try CMD)`)
  if (rest === '') throw new SyntaxError('Missing command after HEALTHCHECK CMD')
  const words = jsonForm(rest)
  return {
    ...base,
    name: 'HEALTHCHECK',
    command: words === undefined ? { form: 'shell', text: rest } : { form: 'exec', words },
    interval: duration('interval', flag('interval')),
    timeout: duration('timeout', flag('timeout')),
    startPeriod: duration('start-period', flag('start-period')),
    startInterval: duration('start-interval', flag('start-interval')),
    retries: retries(flag('retries')),
  }
}

function retries(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^-?\d+$/.test(text)) throw new SyntaxError(`invalid value for --retries: ${text}`)
  if (Number(text) < 0) throw new SyntaxError(`--retries cannot be negative (${text})`)
  return Number(text)
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: MILLISECOND, s: 1e9, m: 60e9, h: 3600e9 }

/** Go's, `1m30s`, in nanoseconds. */
function duration(name: string, text: string | undefined): number {
  if (text === undefined || text === '0') return 0
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text)
    throw new SyntaxError(`invalid duration ${JSON.stringify(text)} for --${name}: such as 30s or 1m30s`)
  const sum = parts.reduce((total, [, count, unit]) => total + Number(count) * UNITS[unit!]!, 0)
  if (sum !== 0 && sum < MILLISECOND) throw new SyntaxError(`--${name} ${JSON.stringify(text)} cannot be less than 1ms`)
  return sum
}
