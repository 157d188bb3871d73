import { quote } from './literals.ts'
import { display, displayNumber, isObject, keysOf, typeName } from './values.ts'

const directive = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(?:\[(\d+)\])?(.)?/gsu

/** fmt.Sprintf for the values of templates; misuse ends in Go's `%!d(string=x)`, never in an exception. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let used = 0
  let reordered = false
  const text = format.replace(directive, (_all, flags: string, width?: string, precision?: string, index?: string, verb?: string) => {
    const star = (given: string | undefined) => (given === '*' ? Number(values[used++]) : given === undefined ? undefined : Number(given))
    const wide = star(width)
    const exact = star(precision)
    if (verb === undefined) return '%!(NOVERB)'
    if (verb === '%') return '%'
    if (index !== undefined) {
      reordered = true
      used = Number(index) - 1
      if (used < 0 || used >= values.length) return `%!${verb}(BADINDEX)`
    }
    if (used >= values.length) return `%!${verb}(MISSING)`
    const left = flags.includes('-') || (wide !== undefined && wide < 0)
    const body = formatOne(values[used++], verb, flags, exact)
    return pad(body, Math.abs(wide ?? 0), left, flags.includes('0') && !left && /[dxXobeEfFgGv]/.test(verb))
  })
  if (reordered || used >= values.length) return text
  const extra = values.slice(used).map((value) => (value === null || value === undefined ? '<nil>' : `${typeName(value)}=${display(value)}`))
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function pad(text: string, width: number, left: boolean, zeros: boolean): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (left) return text + ' '.repeat(missing)
  if (!zeros) return ' '.repeat(missing) + text
  const sign = /^[+-]/.test(text) ? text[0]! : ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function formatOne(value: unknown, verb: string, flags: string, precision: number | undefined): string {
  if (verb === 'T') return typeName(value)
  if (verb === 'v') return flags.includes('#') ? goSyntax(value) : withSign(value, flags, display(value, flags.includes('+')))
  if (value === null || value === undefined) return `%!${verb}(<nil>)`
  if (Array.isArray(value)) return `[${value.map((part) => formatOne(part, verb, flags, precision)).join(' ')}]`
  if (isObject(value)) {
    const parts = keysOf(value).map((key) => `${formatOne(key, verb, flags, precision)}:${formatOne(value[key], verb, flags, precision)}`)
    return `map[${parts.join(' ')}]`
  }
  const formatted = scalar(value, verb, flags, precision)
  return formatted ?? `%!${verb}(${typeName(value)}=${display(value)})`
}

function scalar(value: unknown, verb: string, flags: string, precision: number | undefined): string | undefined {
  if (typeof value === 'boolean') return verb === 't' ? String(value) : undefined
  if (typeof value === 'string') return stringVerb(value, verb, flags, precision)
  if (typeof value === 'bigint') return verb === 'd' ? String(value) : undefined
  if (typeof value === 'number')
    return withSign(value, flags, Number.isInteger(value) && !/[eEfFgG]/.test(verb) ? integerVerb(value, verb, flags) : floatVerb(value, verb, precision))
  return undefined
}

function stringVerb(value: string, verb: string, flags: string, precision: number | undefined): string | undefined {
  const cut = precision === undefined ? value : [...value].slice(0, precision).join('')
  if (verb === 's') return cut
  if (verb === 'q') return flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : quote(cut)
  if (verb !== 'x' && verb !== 'X') return undefined
  const digits = Buffer.from(cut).toString('hex')
  const hex = flags.includes(' ') ? digits.replace(/..(?=.)/g, '$& ') : digits
  return verb === 'x' ? hex : hex.toUpperCase()
}

function integerVerb(value: number, verb: string, flags: string): string | undefined {
  const prefix = (text: string) => (flags.includes('#') ? text : '')
  const signed = (digits: string, before = '') => (value < 0 ? `-${before}${digits}` : before + digits)
  const size = Math.abs(value)
  switch (verb) {
    case 'd':
      return signed(BigInt(size).toString())
    case 'x':
      return signed(BigInt(size).toString(16), prefix('0x'))
    case 'X':
      return signed(BigInt(size).toString(16).toUpperCase(), prefix('0X'))
    case 'o':
      return signed(BigInt(size).toString(8), prefix('0'))
    case 'b':
      return signed(BigInt(size).toString(2))
    case 'c':
      return String.fromCodePoint(value)
    case 'q':
      return `'${String.fromCodePoint(value)}'`
    case 'U':
      return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`
    default:
      return undefined
  }
}

function floatVerb(value: number, verb: string, precision: number | undefined): string | undefined {
  const exponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2')
  switch (verb) {
    case 'f':
    case 'F':
      return value.toFixed(precision ?? 6)
    case 'e':
    case 'E':
      return verb === 'e' ? exponent(value.toExponential(precision ?? 6)) : exponent(value.toExponential(precision ?? 6)).toUpperCase()
    case 'g':
    case 'G':
      return verb === 'g' ? shortest(value, precision) : shortest(value, precision).toUpperCase()
    default:
      return undefined
  }
}

const shortest = (value: number, precision: number | undefined) => displayNumber(precision === undefined ? value : Number(value.toPrecision(precision || 1)))

function withSign(value: unknown, flags: string, text: string): string
function withSign(value: unknown, flags: string, text: string | undefined): string | undefined
function withSign(value: unknown, flags: string, text: string | undefined): string | undefined {
  if (typeof value !== 'number' || value < 0 || text === undefined) return text
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text
}

/** %#v */
function goSyntax(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `${typeName(value)}{${value.map(goSyntax).join(', ')}}`
  if (isObject(value))
    return `${typeName(value)}{${keysOf(value)
      .map((key) => `${quote(key)}:${goSyntax(value[key])}`)
      .join(', ')}}`
  return display(value)
}
