import type { Operand } from './syntax.ts'
import { typeName } from './values.ts'

type Kind = 'string' | 'int' | '[]string'

/** How many values a function takes, and of what type; those not named here take any number of anything. */
const parameters: Readonly<Record<string, readonly (Kind | 'any')[]>> = {
  not: ['any'],
  len: ['any'],
  ne: ['any', 'any'],
  lt: ['any', 'any'],
  le: ['any', 'any'],
  gt: ['any', 'any'],
  ge: ['any', 'any'],
  json: ['any'],
  split: ['string', 'string'],
  join: ['[]string', 'string'],
  title: ['string'],
  lower: ['string'],
  upper: ['string'],
  pad: ['string', 'int', 'int'],
  truncate: ['string', 'int'],
}
const least: Readonly<Record<string, number>> = { print: 0, println: 0, html: 0, js: 0, urlquery: 0, and: 1, or: 1 }

/** What is wrong with the number of values, or undefined. */
export function wrongCount(name: string, given: number): string | undefined {
  const wanted = parameters[name]?.length
  if (wanted !== undefined) return given === wanted ? undefined : `wrong number of args for ${name}: want ${wanted} got ${given}`
  const fewest = least[name] ?? 1
  return given < fewest ? `wrong number of args for ${name}: want at least ${fewest} got ${given}` : undefined
}

/** What is wrong with a value in that place, or undefined; `operand` is what it was written as, unless it came through a pipe. */
export function wrongType(name: string, at: number, value: unknown, operand: Operand | undefined): string | undefined {
  const kind = name === 'printf' && at === 0 ? 'string' : parameters[name]?.[at]
  if (kind === undefined || kind === 'any') return undefined
  if (operand?.kind === 'nil') return kind === '[]string' ? undefined : `cannot assign nil to ${kind}`
  if (fits(kind, value)) return undefined
  if (operand?.kind === 'literal') {
    return kind === '[]string'
      ? `can't handle ${operand.source} for arg of type []string`
      : `expected ${kind === 'int' ? 'integer' : kind}; found ${operand.source}`
  }
  if (value === undefined || value === null) return `invalid value; expected ${kind}`
  return `wrong type for value; expected ${kind}; got ${typeName(value)}`
}

function fits(kind: Kind, value: unknown): boolean {
  if (kind === 'string') return typeof value === 'string'
  if (kind === 'int') return typeof value === 'number' && Number.isInteger(value)
  return Array.isArray(value) || value === undefined || value === null
}
