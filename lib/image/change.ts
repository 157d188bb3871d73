import { posix } from 'node:path'
import { LichenError } from '../system/errors.ts'
import { changeWords } from './change-words.ts'
import type { ImageConfig } from './manifest.ts'

/**
 * The configuration after `--change "INSTRUCTION REST"` of import and commit, in the Dockerfile's language; podman's
 * `INSTRUCTION=REST` is understood as well. Pure. Throws BAD_CHANGE.
 */
export function applyChange(config: ImageConfig, change: string): ImageConfig {
  const [, instruction = '', rest = ''] = /^\s*([A-Za-z]+)(?:\s*=|\s+|$)(.*)$/s.exec(change) ?? []
  const apply = instructions[instruction.toUpperCase()]
  if (apply === undefined) {
    const known = Object.keys(instructions).join(' ')
    throw new LichenError(`${instruction === '' ? JSON.stringify(change) : instruction.toUpperCase()} is not a valid change command`, {
      code: 'BAD_CHANGE',
      hint: `one of: ${known}`,
    })
  }
  try {
    const text = rest.trim()
    if (text === '') throw new SyntaxError('it requires at least one argument')
    return { ...config, ...apply(text, config) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new LichenError(`invalid change ${JSON.stringify(change)}: ${error.message}`, { code: 'BAD_CHANGE', cause: error })
  }
}

const instructions: Readonly<Record<string, (text: string, config: ImageConfig) => ImageConfig>> = {
  CMD: (text) => ({ Cmd: commandForm(text) }),
  ENTRYPOINT: (text) => ({ Entrypoint: commandForm(text) }),
  ENV: (text, config) => ({ Env: Object.entries(pairs(text, config)).reduce(withVariable, config.Env ?? []) }),
  EXPOSE: (text, config) => ({ ExposedPorts: { ...config.ExposedPorts, ...keys(words(text, config).flatMap(ports)) } }),
  HEALTHCHECK: (text) => ({ Healthcheck: healthcheck(text) }),
  LABEL: (text, config) => ({ Labels: { ...config.Labels, ...pairs(text, config) } }),
  ONBUILD: (text, config) => ({ OnBuild: [...(config.OnBuild ?? []), text] }),
  STOPSIGNAL: (text, config) => ({ StopSignal: single(text, config) }),
  USER: (text, config) => ({ User: single(text, config) }),
  VOLUME: (text, config) => ({ Volumes: { ...config.Volumes, ...keys(jsonForm(text) ?? words(text, config)) } }),
  WORKDIR: (text, config) => ({ WorkingDir: posix.resolve(config.WorkingDir || '/', single(text, config)) }),
}

/** `["a", "b"]`; undefined where it is no list of strings in JSON. */
function jsonForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : undefined
  } catch {
    return undefined
  }
}

const commandForm = (text: string): string[] => jsonForm(text) ?? ['/bin/sh', '-c', text]

const words = (text: string, config: ImageConfig): string[] => changeWords(text, config.Env ?? [])

/** USER and its kin take the whole rest, blanks and all. */
const single = (text: string, config: ImageConfig): string => words(text, config).join(' ')

const keys = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map((name) => [name, {}]))

/** `a=b c=d`, or the old `a the rest`. */
function pairs(text: string, config: ImageConfig): Record<string, string> {
  const list = words(text, config)
  if (!list[0]!.includes('=')) {
    const [, name = '', value] = /^(\S+)\s+(.*)$/s.exec(text) ?? []
    if (value === undefined) throw new SyntaxError('it must have two arguments, or NAME=VALUE')
    return { [name]: changeWords(value, config.Env ?? []).join(' ') }
  }
  return Object.fromEntries(
    list.map((word) => {
      const equals = word.indexOf('=')
      if (equals < 1) throw new SyntaxError(`can't find = in ${JSON.stringify(word)}, it must be of the form NAME=VALUE`)
      return [word.slice(0, equals), word.slice(equals + 1)]
    }),
  )
}

function withVariable(env: string[], [name, value]: [string, string]): string[] {
  const at = env.findIndex((entry) => entry.startsWith(`${name}=`))
  return at === -1 ? [...env, `${name}=${value}`] : env.with(at, `${name}=${value}`)
}

/** `80`, `53/udp`, `8000-8010/tcp` */
function ports(text: string): string[] {
  const [, first = '', last = first, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (first === '' || from < 1 || to > 65535 || from > to) throw new SyntaxError(`invalid containerPort: ${text}`)
  return Array.from({ length: to - from + 1 }, (_, at) => `${from + at}/${protocol.toLowerCase()}`)
}

function healthcheck(text: string): NonNullable<ImageConfig['Healthcheck']> {
  if (/^none$/i.test(text)) return { Test: ['NONE'] }
  const [, flags = '', command = ''] = /^((?:--\S+\s+)*)CMD\s+(.*)$/is.exec(text) ?? []
  if (command === '') throw new SyntaxError('HEALTHCHECK is followed by NONE, or by options and CMD')
  const list = jsonForm(command)
  const check: NonNullable<ImageConfig['Healthcheck']> = { Test: list === undefined ? ['CMD-SHELL', command] : ['CMD', ...list] }
  for (const flag of flags.split(/\s+/).filter((word) => word !== '')) {
    const [, name = '', value = ''] = /^--([a-z-]+)=(.*)$/.exec(flag) ?? []
    const field = { interval: 'Interval', timeout: 'Timeout', 'start-period': 'StartPeriod', 'start-interval': 'StartInterval' }[name] as 'Interval' | undefined
    if (field !== undefined) check[field] = nanoseconds(value)
    else if (name === 'retries' && /^\d+$/.test(value)) check.Retries = Number(value)
    else throw new SyntaxError(`unknown flag: ${flag}`)
  }
  return check
}

const units: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** Go's duration: `1m30s`. */
function nanoseconds(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) throw new SyntaxError(`invalid duration ${JSON.stringify(text)}`)
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0)
}
