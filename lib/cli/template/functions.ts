import { sprintf } from './printf.ts'
import { display, isMap, isObject, isTrue, zeroOf } from './values.ts'

type Function_ = (...values: unknown[]) => unknown

/** Go's predefined functions (`and` and `or` are the evaluator's) and those that Docker adds. Failures are thrown as plain Errors. */
export const functions: Readonly<Record<string, Function_>> = {
  not: (value) => !isTrue(value),
  len: (value) => {
    if (typeof value === 'string') return Buffer.byteLength(value)
    if (Array.isArray(value)) return value.length
    if (isObject(value)) return Object.keys(value).length
    throw new Error(value === undefined || value === null ? 'len of nil pointer' : `len of type ${typeof value === 'number' ? 'int' : typeof value}`)
  },
  index: (value, ...indexes) => indexes.reduce(indexOne, value),
  slice: (value, ...bounds) => {
    if (typeof value !== 'string' && !Array.isArray(value))
      throw new Error(value === undefined || value === null ? 'slice of untyped nil' : "can't slice item of type struct")
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    const [from = 0, to = bytes.length] = bounds.map((bound) => checkedIndex(bound, bytes.length + 1))
    if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`)
    const part = bytes.slice(from, to)
    return Buffer.isBuffer(part) ? part.toString() : part
  },
  print: (...values) => sprint(values),
  println: (...values) => `${values.map(display).join(' ')}\n`,
  printf: (format, ...values) => {
    if (typeof format !== 'string') throw new Error(`wrong type for value; expected string; got ${typeof format}`)
    return sprintf(format, values)
  },
  eq: (first, ...others) => {
    if (others.length === 0) throw new Error('missing argument for comparison')
    return others.some((other) => equal(first, other))
  },
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  html: (...values) => sprint(values).replace(/[<>&'"\0]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&#34;' })[c] ?? '\uFFFD'),
  js: (...values) =>
    sprint(values)
      .replace(/[\\'"<>&=]/g, (c) => (/[<>&=]/.test(c) ? `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}` : `\\${c}`))
      .replaceAll('\n', '\\n'),
  urlquery: (...values) => encodeURIComponent(sprint(values)).replaceAll('%20', '+'),

  json: (value) => (value === undefined ? 'null' : JSON.stringify(value)),
  split: (text, separator) => string(text).split(string(separator)),
  join: (list, separator) => {
    if (list === null || list === undefined) return ''
    if (!Array.isArray(list)) throw new Error(`wrong type for value; expected []string; got ${typeof list}`)
    return list.map(display).join(string(separator))
  },
  title: (text) => string(text).replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()),
  lower: (text) => string(text).toLowerCase(),
  upper: (text) => string(text).toUpperCase(),
  pad: (text, before, after) => (text === '' ? '' : ' '.repeat(Number(before)) + string(text) + ' '.repeat(Number(after))),
  truncate: (text, length) => [...string(text)].slice(0, Number(length)).join(''),
}

/** How many values a function takes; those not named here take any number. */
export const arity: Readonly<Record<string, number>> = {
  not: 1,
  len: 1,
  ne: 2,
  lt: 2,
  le: 2,
  gt: 2,
  ge: 2,
  json: 1,
  split: 2,
  join: 2,
  title: 1,
  lower: 1,
  upper: 1,
  pad: 3,
  truncate: 2,
}

function string(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) throw new Error('invalid value; expected string')
  throw new Error(`wrong type for value; expected string; got ${typeof value === 'number' ? 'int' : Array.isArray(value) ? '[]string' : typeof value}`)
}

/** fmt.Sprint: a space between two values of which neither is a string. */
function sprint(values: readonly unknown[]): string {
  return values.map((value, at) => (at > 0 && typeof value !== 'string' && typeof values[at - 1] !== 'string' ? ' ' : '') + display(value)).join('')
}

function indexOne(value: unknown, index: unknown): unknown {
  if (value === undefined || value === null) throw new Error('index of untyped nil')
  if (typeof value === 'string') return Buffer.from(value)[checkedIndex(index, Buffer.byteLength(value))]
  if (Array.isArray(value)) return value[checkedIndex(index, value.length)]
  if (!isObject(value)) throw new Error(`can't index item of type ${typeof value}`)
  if (typeof index !== 'string') throw new Error(`value has type ${typeof index === 'number' ? 'int' : typeof index}; should be string`)
  if (Object.hasOwn(value, index)) return value[index]
  return isMap(value) ? zeroOf(value) : undefined
}

function checkedIndex(index: unknown, length: number): number {
  if (index === undefined || index === null) throw new Error('cannot index slice/array with nil')
  if (typeof index !== 'number') throw new Error(`cannot index slice/array with type ${typeof index}`)
  if (!Number.isInteger(index) || index < 0 || index >= length) throw new Error(`index out of range: ${index}`)
  return index
}

function equal(a: unknown, b: unknown): boolean {
  const [left, right] = [a ?? null, b ?? null]
  if (left === null || right === null) return left === right
  for (const value of [left, right])
    if (typeof value === 'object') throw new Error(`non-comparable type ${display(value)}: ${Array.isArray(value) ? '[]string' : 'map[string]interface {}'}`)
  if (typeof left !== typeof right) throw new Error('incompatible types for comparison')
  return left === right
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  const basic = (value: unknown) => typeof value === 'number' || typeof value === 'string'
  throw new Error(basic(a) && basic(b) ? 'incompatible types for comparison' : 'invalid type for comparison')
}
