import { nearest } from '../../system/nearest.ts'
import type { Finding } from './check.ts'
import { expandWord } from './expand.ts'
import type { Dockerfile, FromInstruction, Instruction } from './instruction.ts'
import type { Word } from './source.ts'

/** Names of the variables that a base image has; undefined: nobody knows. */
export type BaseVariables = (base: string) => readonly string[] | undefined

/** UndefinedVar, of stages whose base is known, and InvalidDefaultArgInFrom. Pure. */
export function checkVariables({ instructions, directives }: Dockerfile, variablesOf: BaseVariables): Finding[] {
  const found: Finding[] = []
  const defaults = new Map<string, string>()
  const stages = new Map<string, Set<string> | undefined>()
  let stage: { names: Set<string> | undefined } | undefined
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') {
      if (isBadName(instruction, defaults, directives.backslash)) {
        const message = `Default value for ARG ${instruction.base.text} results in an empty or invalid base image name`
        found.push({ rule: 'InvalidDefaultArgInFrom', message, ...placeOf(instruction) })
      }
      const base = expanded(instruction.base.text, defaults, directives.backslash) ?? instruction.base.text
      const below = base === 'scratch' ? [] : stages.has(base.toLowerCase()) ? stages.get(base.toLowerCase()) : variablesOf(base)
      stage = { names: below === undefined ? undefined : new Set(below) }
      if (instruction.alias !== undefined) stages.set(instruction.alias, stage.names)
      continue
    }
    if (stage === undefined) {
      for (const { key, value } of instruction.name === 'ARG' ? instruction.args : [])
        defaults.set(key.text, value === undefined ? '' : (expanded(value.text, defaults, directives.backslash) ?? ''))
      continue
    }
    const { names } = stage
    if (names === undefined) continue
    for (const name of new Set(expandedWords(instruction).flatMap(({ text }) => plainNames(text, directives.backslash)))) {
      if (names.has(name) || PREDEFINED.has(name)) continue
      const near = nearest(name, [...names])
      const message = `Usage of undefined variable '$${name}'${near === undefined ? '' : ` (did you mean $${near}?)`}`
      found.push({ rule: 'UndefinedVar', message, ...placeOf(instruction) })
    }
    if (instruction.name === 'ARG') for (const { key } of instruction.args) names.add(key.text)
    if (instruction.name === 'ENV') for (const { key } of instruction.pairs) names.add(key.text)
  }
  return found
}

const placeOf = ({ line, endLine }: Instruction) => ({ line, endLine })

/** They need no ARG. */
const PREDEFINED = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]))

function expanded(text: string, values: ReadonlyMap<string, string>, backslash: '\\' | '`'): string | undefined {
  try {
    return expandWord(text, (name) => values.get(name), { backslash })
  } catch {
    // Told when it is built.
    return undefined
  }
}

/** Without build arguments there is no such image. */
function isBadName({ base }: FromInstruction, defaults: ReadonlyMap<string, string>, backslash: '\\' | '`'): boolean {
  // One that is not declared is told by another rule.
  const names = plainNames(base.text, backslash)
  if (names.length === 0 || names.some((name) => !defaults.has(name))) return false
  const name = expanded(base.text, defaults, backslash)
  return name !== undefined && (name === '' || /^[:/@]|[:/@]$|:[@/]|\/\/|\/:/.test(name))
}

function expandedWords(instruction: Instruction): Word[] {
  switch (instruction.name) {
    case 'ENV':
    case 'LABEL':
      return instruction.pairs.flatMap(({ key, value }) => [key, value])
    case 'ARG':
      return instruction.args.flatMap(({ value }) => (value === undefined ? [] : [value]))
    case 'COPY':
    case 'ADD':
      return [
        ...instruction.sources.flatMap((part) => ('content' in part ? [] : [part as Word])),
        instruction.destination,
        ...[instruction.chown, instruction.chmod, instruction.checksum].flatMap((word) => (word === undefined ? [] : [word])),
        ...instruction.exclude,
      ]
    case 'EXPOSE':
    case 'VOLUME':
      return instruction.words
    case 'USER':
    case 'WORKDIR':
    case 'STOPSIGNAL':
      return [instruction.value]
    default:
      return []
  }
}

/** `$NAME` and `${NAME}`: what has a word for the case that it is not set is meant so. */
function plainNames(text: string, backslash: string): string[] {
  const names: string[] = []
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === backslash && quote !== "'") at++
    else if (quote === '' ? character === "'" || character === '"' : character === quote) quote = quote === '' ? character : ''
    else if (character === '$' && quote !== "'") {
      const [, braced, plain] = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(text.slice(at)) ?? []
      const name = braced ?? plain
      if (name !== undefined) names.push(name)
    }
  }
  return names
}
