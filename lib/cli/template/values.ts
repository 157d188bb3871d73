/** How Go sees the values that templates work on: plain objects are structs, unless they were marked as maps. */

interface MapFacts {
  /** What `index` gives for a missing key: "" for map[string]string, undefined (`<no value>`) for a map of anything. */
  zero: unknown
  /** Of a map whose keys have a type of their own, which a string is not. */
  keyType: string | undefined
  /** A document as it was decoded from JSON, without types: a missing key is an error. */
  raw: boolean
}

const maps = new WeakMap<object, MapFacts>()
const structs = new WeakMap<object, StructFacts>()
const untypedLists = new WeakSet<object>()
const rows = new WeakSet<object>()

/**
 * Marks an object as a Go map: a missing key is no error but `<no value>` (`index` gives `zero`), and an empty one is false.
 * `zero` is "" for map[string]string.
 */
export function goMap<T extends object>(object: T, zero: unknown = '', keyType?: string): T {
  maps.set(object, { zero, keyType, raw: false })
  return object
}

/** Marks a line of a list: its JSON is other than that of a struct. */
export function goRow<T extends object>(row: T): T {
  rows.add(row)
  return row
}

export const isRow = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && rows.has(value)

interface StructFacts {
  /** Fields whose name in Go is another than in JSON: a template finds them by the former. */
  names?: Readonly<Record<string, string>>
  /** Fields that Go has and JSON leaves out, with the value that a template finds. */
  absent?: Readonly<Record<string, unknown>>
}

/** Says of an object how the Go struct differs that Docker keeps for it. */
export function goStruct<T extends object>(object: T, facts: StructFacts): T {
  structs.set(object, facts)
  return object
}

/** A slice or map that Go never made: empty to a template, null in JSON. */
export const nilList = (): never[] => Object.defineProperty([] as never[], 'toJSON', { value: () => null })
export const nilMap = (): Record<string, never> => Object.defineProperty(goMap({}), 'toJSON', { value: () => null })

/** The value as JSON tells it, without types: how Docker's inspect carries out a template that its types have no answer for. */
export function untyped(value: unknown): unknown {
  return fromJson(JSON.parse(JSON.stringify(value)))
}

function fromJson(value: unknown): unknown {
  if (value === null) return undefined
  if (Array.isArray(value)) {
    const list = value.map(fromJson)
    untypedLists.add(list)
    return list
  }
  if (typeof value !== 'object') return value
  const map = Object.fromEntries(Object.entries(value as object).map(([key, part]) => [key, fromJson(part)]))
  maps.set(map, { zero: undefined, keyType: undefined, raw: true })
  return map
}

/** The field of a struct, by its name in Go. */
export function fieldOf(struct: Record<string, unknown>, name: string): { value: unknown } | undefined {
  const facts = structs.get(struct)
  const key = facts?.names?.[name] ?? name
  if (Object.hasOwn(struct, key) && (key !== name || !Object.values(facts?.names ?? {}).includes(name))) return { value: struct[key] }
  return facts?.absent !== undefined && Object.hasOwn(facts.absent, name) ? { value: facts.absent[name] } : undefined
}

export const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && maps.has(value)

export const zeroOf = (map: object): unknown => maps.get(map)?.zero
export const keyTypeOf = (map: object): string | undefined => maps.get(map)?.keyType
export const isRaw = (map: object): boolean => maps.get(map)?.raw === true

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

export function isTrue(value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (Array.isArray(value)) return value.length > 0
  if (isMap(value)) return Object.keys(value).length > 0
  if (typeof value === 'object' || typeof value === 'function') return true
  return Boolean(value)
}

/** Keys in the order in which Go prints and ranges: sorted for maps, as declared for structs. */
export const keysOf = (object: Record<string, unknown>): string[] => (isMap(object) ? Object.keys(object).sort(byBytes) : Object.keys(object))

const byBytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** %v; `names`: %+v, which says the names of fields. */
export function display(value: unknown, names = false): string {
  if (value === undefined || value === null) return '<nil>'
  if (typeof value === 'number') return displayNumber(value)
  if (Array.isArray(value)) return `[${value.map((part) => display(part, names)).join(' ')}]`
  if (isMap(value))
    return `map[${keysOf(value)
      .map((key) => `${key}:${display(value[key], names)}`)
      .join(' ')}]`
  if (isObject(value)) {
    const parts = Object.entries(value).filter(([, part]) => typeof part !== 'function')
    return `{${parts.map(([name, part]) => (names ? `${name}:` : '') + display(part, names)).join(' ')}}`
  }
  return String(value)
}

/** %v of int and float64: exponents have two digits at least, and begin at 1e+21 and 1e-05. */
export function displayNumber(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  const small = value !== 0 && Math.abs(value) < 1e-4
  const text = small ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Name of a value's Go type, for messages. */
export function typeName(value: unknown): string {
  if (value === undefined || value === null) return '<nil>'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (Array.isArray(value)) return !untypedLists.has(value) && value.every((part) => typeof part === 'string') ? '[]string' : '[]interface {}'
  if (isMap(value)) return zeroOf(value) === '' ? 'map[string]string' : 'map[string]interface {}'
  return 'struct'
}
