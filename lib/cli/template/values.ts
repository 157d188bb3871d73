/** How Go sees the values that templates work on: plain objects are structs, unless they were marked as maps. */

const maps = new WeakMap<object, unknown>()

/**
 * Marks an object as a Go map: a missing key is no error but `<no value>` (`index` gives `zero`), and an empty one is false.
 * `zero` is "" for map[string]string.
 */
export function goMap<T extends object>(object: T, zero: unknown = ''): T {
  maps.set(object, zero)
  return object
}

export const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && maps.has(value)

export const zeroOf = (map: object): unknown => maps.get(map)

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

/** %v */
export function display(value: unknown): string {
  if (value === undefined || value === null) return '<nil>'
  if (typeof value === 'number') return displayNumber(value)
  if (Array.isArray(value)) return `[${value.map(display).join(' ')}]`
  if (isMap(value))
    return `map[${keysOf(value)
      .map((key) => `${key}:${display(value[key])}`)
      .join(' ')}]`
  if (isObject(value)) {
    const parts = Object.values(value).filter((part) => typeof part !== 'function')
    return `{${parts.map(display).join(' ')}}`
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
  if (Array.isArray(value)) return value.every((part) => typeof part === 'string') ? '[]string' : '[]interface {}'
  if (isMap(value)) return zeroOf(value) === '' ? 'map[string]string' : 'map[string]interface {}'
  return 'struct'
}
