import type { Option, OptionTable, OptionValues, ParsedArgs, Positionals } from './options.ts'
import { invalidArgument, usageError } from './usage-error.ts'

interface Found {
  name: string
  option: Option
}

type Value = string | number | boolean | string[] | undefined

/**
 * Reads words by a table: `--flag value`, `--flag=value`, `-abc`, `-p8080:80`, `--`. Throws USAGE in Docker's
 * words; `verb` ("lichen run") goes into the hint. `--help` and `-h` without a table entry are found as `help`.
 */
export function parseArgs<T extends OptionTable>(words: readonly string[], table: T, positionals: Positionals, verb: string): ParsedArgs<T> {
  const hint = `See '${verb} --help'.`
  const values: Record<string, Value> = {}
  const given = new Set<string>()
  const rest: string[] = []
  for (const [name, option] of Object.entries(table)) values[name] = initial(option)

  let at = 0
  const take = ({ name, option }: Found, text: string | undefined, missing: string) => {
    const value = text ?? (isSwitch(option) ? undefined : (option.bare ?? words[at++]))
    if (value === undefined && !isSwitch(option)) throw usageError(missing, hint)
    values[name] = combine(values[name], option, value, flagName(name, option), hint)
    given.add(name)
  }

  while (at < words.length) {
    const word = words[at++]!
    if (word === '--') {
      rest.push(...words.slice(at))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      rest.push(word)
      if (positionals.stopAtFirst !== true) continue
      rest.push(...words.slice(at))
      break
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=')
      const name = word.slice(2, equals === -1 ? undefined : equals)
      const found = findLong(table, name)
      if (found !== undefined) take(found, equals === -1 ? undefined : word.slice(equals + 1), `flag needs an argument: --${name}`)
      else if (name.startsWith('no-') && table[name.slice(3)]?.negatable === true && equals === -1) {
        values[name.slice(3)] = false
        given.add(name.slice(3))
      } else if (name === 'help') given.add('help')
      else throw usageError(name === '' ? `bad flag syntax: ${word}` : `unknown flag: --${name}`, hint)
      continue
    }
    for (let letter = 1; letter < word.length; letter++) {
      const short = word[letter]!
      const found = findShort(table, short)
      if (found === undefined) {
        if (short !== 'h') throw usageError(`unknown shorthand flag: '${short}' in ${word}`, hint)
        given.add('help')
        continue
      }
      const tail = word.slice(letter + 1)
      const missing = `flag needs an argument: '${short}' in ${word}`
      if (isSwitch(found.option) && !tail.startsWith('=')) {
        take(found, undefined, missing)
        continue
      }
      take(found, tail === '' ? undefined : tail.replace(/^=/, ''), missing)
      break
    }
  }
  return { options: values as OptionValues<T>, positionals: rest, given }
}

/** Throws USAGE where there are too few or too many words behind the flags. */
export function checkPositionals(words: readonly string[], { min, max, exactly }: Positionals, verb: string, exitCode: number): void {
  if (words.length >= min && words.length <= max) return
  const count = (n: number) => `${n} argument${n === 1 ? '' : 's'}`
  const wanted =
    max === 0
      ? 'accepts no arguments'
      : min === max || exactly !== undefined
        ? `requires exactly ${count(exactly ?? min)}`
        : min > 0 && max < Infinity
          ? `requires at least ${min} and at most ${count(max)}`
          : words.length < min
            ? `requires at least ${count(min)}`
            : `requires at most ${count(max)}`
  throw usageError(`"${verb}" ${wanted}.`, `See '${verb} --help'.`, exitCode)
}

/** `-p, --publish`, as messages name an option. */
export const flagName = (name: string, option: Option) => (option.short === undefined ? `--${name}` : `-${option.short}, --${name}`)

const isSwitch = (option: Option) => option.type === 'boolean' || option.type === 'count'

function initial(option: Option): Value {
  if (option.type === 'list') return []
  if (option.type === 'boolean') return option.default ?? false
  if (option.type === 'count') return 0
  return option.default
}

function findLong(table: OptionTable, name: string): Found | undefined {
  if (Object.hasOwn(table, name)) return { name, option: table[name]! }
  for (const [main, option] of Object.entries(table)) if (option.aliases?.includes(name)) return { name: main, option }
  return undefined
}

function findShort(table: OptionTable, letter: string): Found | undefined {
  for (const [name, option] of Object.entries(table)) if (option.short === letter) return { name, option }
  return undefined
}

function combine(before: Value, option: Option, text: string | undefined, flag: string, hint: string): Value {
  switch (option.type) {
    case 'boolean':
      return text === undefined ? true : toBoolean(text, flag, hint)
    case 'count':
      return text === undefined ? (before as number) + 1 : toNumber(text, flag, hint)
    case 'number':
      return toNumber(text!, flag, hint)
    case 'list':
      return [...(before as string[]), text!]
    case 'string':
      return text
  }
}

/** The spellings of Go's strconv.ParseBool, which Docker takes. */
function toBoolean(text: string, flag: string, hint: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  throw invalidArgument(text, flag, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`, hint)
}

function toNumber(text: string, flag: string, hint: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw invalidArgument(text, flag, `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`, hint)
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw invalidArgument(text, flag, `strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`, hint)
  return value
}
