import { sprintf } from './printf.ts'
import { rowJson } from './row-json.ts'
import { display, isMap, isObject, isRow, isTrue, keysOf, keyTypeOf, typeName, zeroOf } from './values.ts'

type Function_ = (...values: unknown[]) => unknown

/** Go's predefined functions (`and` and `or` are the evaluator's) and those that Docker adds. Failures are thrown as plain Errors. */
export const functions: Readonly<Record<string, Function_>> = {
  not: (value) => !isTrue(value),
  len: (value) => {
    if (typeof value === 'string') return Buffer.byteLength(value)
    if (Array.isArray(value)) return value.length
    if (isObject(value)) return Object.keys(value).length
    throw new Error(value === undefined || value === null ? 'reflect: call of reflect.Value.Type on zero Value' : `len of type ${typeName(value)}`)
  },
  index: (value, ...indexes) => indexes.reduce((from, index, at) => indexOne(from, index, at === 0 ? 'untyped nil' : 'nil pointer'), value),
  slice: (value, ...bounds) => {
    if (typeof value !== 'string' && !Array.isArray(value))
      throw new Error(value === undefined || value === null ? 'slice of untyped nil' : `can't slice item of type ${typeName(value)}`)
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    const [from = 0, to = bytes.length] = bounds.map((bound) => checkedIndex(bound, bytes.length + 1))
    if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`)
    const part = bytes.slice(from, to)
    return Buffer.isBuffer(part) ? part.toString() : part
  },
  print: (...values) => sprint(values),
  println: (...values) => `${values.map((value) => display(value)).join(' ')}\n`,
  printf: (format, ...values) => sprintf(format as string, values),
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

  call: (value) => {
    throw new Error(value === undefined || value === null ? 'call of nil' : `non-function of type ${typeName(value)}`)
  },

  json,
  split: (text, separator) => string(text).split(string(separator)),
  join: (list, separator) => ((list ?? []) as unknown[]).map((part) => display(part)).join(string(separator)),
  title: (text) => string(text).replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()),
  lower: (text) => string(text).toLowerCase(),
  upper: (text) => string(text).toUpperCase(),
  pad: (text, before, after) => (text === '' ? '' : ' '.repeat(Number(before)) + string(text) + ' '.repeat(Number(after))),
  // By bytes.
  truncate: (text, length) =>
    Buffer.from(string(text))
      .subarray(0, Math.max(0, Number(length)))
      .toString(),
}

/** The types of arguments have been looked at. */
const string = (value: unknown): string => value as string

/** encoding/json: keys of maps are sorted, fields of structs are not. */
function json(value: unknown): string {
  if (isRow(value)) return rowJson(value)
  const sorted = (_: string, part: unknown) => (isMap(part) ? Object.fromEntries(keysOf(part).map((key) => [key, part[key] ?? null])) : part)
  return JSON.stringify(value ?? null, sorted)
}

/** fmt.Sprint: a space between two values of which neither is a string. */
function sprint(values: readonly unknown[]): string {
  return values.map((value, at) => (at > 0 && typeof value !== 'string' && typeof values[at - 1] !== 'string' ? ' ' : '') + display(value)).join('')
}

function indexOne(value: unknown, index: unknown, nil: string): unknown {
  if (value === undefined || value === null) throw new Error(`index of ${nil}`)
  if (typeof value === 'string') return Buffer.from(value)[checkedIndex(index, Buffer.byteLength(value))]
  if (Array.isArray(value)) return value[checkedIndex(index, value.length)]
  if (!isObject(value)) throw new Error(`can't index item of type ${typeName(value)}`)
  if (typeof index !== 'string') throw new Error(`value has type ${typeName(index)}; should be string`)
  const keyType = keyTypeOf(value)
  if (keyType !== undefined) throw new Error(`value has type string; should be ${keyType}`)
  if (Object.hasOwn(value, index)) return value[index]
  return isMap(value) ? zeroOf(value) : undefined
}

function checkedIndex(index: unknown, length: number): number {
  if (index === undefined || index === null) throw new Error('cannot index slice/array with nil')
  if (typeof index !== 'number') throw new Error(`cannot index slice/array with type ${typeName(index)}`)
  if (!Number.isInteger(index) || index < 0 || index >= length) throw new Error(`index out of range: ${index}`)
  return index
}

function equal(a: unknown, b: unknown): boolean {
  const [left, right] = [a ?? null, b ?? null]
  if (left === null || right === null) return left === right
  for (const value of [left, right]) if (typeof value === 'object') throw new Error(`non-comparable type ${display(value)}: ${typeName(value)}`)
  if (typeof left !== typeof right) throw new Error('incompatible types for comparison')
  return left === right
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  const basic = (value: unknown) => typeof value === 'number' || typeof value === 'string'
  throw new Error(basic(a) && basic(b) ? 'incompatible types for comparison' : 'invalid type for comparison')
}
