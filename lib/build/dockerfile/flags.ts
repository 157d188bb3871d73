import { nearest } from '../../system/nearest.ts'
import type { LogicalLine } from './lines.ts'
import { type Source, syntaxError, type Word } from './source.ts'

/** What an instruction takes: a list may come several times. */
export type FlagKinds = Readonly<Record<string, 'string' | 'boolean' | 'list'>>

export interface Flags {
  /** The word of a flag that was given, without its name. */
  text(name: string): Word | undefined
  list(name: string): Word[]
  isSet(name: string): boolean
}

const ALL: Readonly<Record<string, FlagKinds>> = {
  ADD: {
    chown: 'string',
    chmod: 'string',
    link: 'boolean',
    'keep-git-dir': 'boolean',
    checksum: 'string',
    exclude: 'list',
    unpack: 'boolean',
  },
  COPY: { from: 'string', chown: 'string', chmod: 'string', link: 'boolean', parents: 'boolean', exclude: 'list' },
  FROM: { platform: 'string' },
  HEALTHCHECK: { interval: 'string', timeout: 'string', 'start-period': 'string', 'start-interval': 'string', retries: 'string' },
  RUN: { mount: 'list', network: 'string', security: 'string' },
}

/** Reads the `--name[=value]` words in front, from an offset on; `rest` is the offset of what follows. */
export function readFlags(source: Source, line: LogicalLine, instruction: string, from: number, backslash: string): { flags: Flags; rest: number } {
  const kinds = ALL[instruction] ?? {}
  const found = new Map<string, Word[]>()
  let at = skipBlanks(line.text, from)
  while (line.text.startsWith('--', at)) {
    const end = wordEnd(line.text, at, backslash)
    const raw = line.text.slice(at, end)
    const start = at
    at = skipBlanks(line.text, end)
    if (raw === '--') break
    const equals = raw.indexOf('=')
    const name = equals === -1 ? raw.slice(2) : raw.slice(2, equals)
    const kind = kinds[name]
    const fail = (message: string, hint?: string) => syntaxError(source, line.at(start), message, { hint, length: raw.length })
    if (kind === undefined) {
      const near = nearest(name, Object.keys(kinds))
      throw fail(`unknown flag: --${name}`, near === undefined ? flagsHint(instruction, kinds) : `did you mean --${near}?`)
    }
    if (kind !== 'list' && found.has(name)) throw fail(`duplicate flag specified: --${name}`)
    if (kind !== 'boolean' && equals === -1) throw fail(`missing a value on flag: --${name}`, `--${name}=VALUE`)
    const value = equals === -1 ? 'true' : raw.slice(equals + 1)
    if (kind === 'boolean' && !/^(true|false)$/i.test(value)) throw fail(`expecting boolean value for flag --${name}, not: ${value}`)
    found.set(name, [...(found.get(name) ?? []), { text: value, ...line.at(start + (equals === -1 ? 0 : equals + 1)) }])
  }
  return {
    flags: {
      text: (name) => found.get(name)?.[0],
      list: (name) => found.get(name) ?? [],
      isSet: (name) => found.get(name)?.[0]?.text.toLowerCase() === 'true',
    },
    rest: at,
  }
}

function flagsHint(instruction: string, kinds: FlagKinds): string {
  const names = Object.keys(kinds)
  return names.length === 0 ? `${instruction} takes no flags` : `${instruction} takes: ${names.map((name) => `--${name}`).join(' ')}`
}

const skipBlanks = (text: string, from: number): number => from + /^\s*/.exec(text.slice(from))![0].length

function wordEnd(text: string, from: number, backslash: string): number {
  let quote = ''
  for (let at = from; at < text.length; at++) {
    const character = text[at]!
    if (quote === '' && /\s/.test(character)) return at
    if (character === backslash && quote !== "'") at++
    else if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
  }
  return text.length
}
