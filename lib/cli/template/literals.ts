const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"' }

/** The value of a Go literal: "text", `raw`, 'c' (its code point), 12, 0x1f, 1_000, 1.5e3. Throws Error in Go's words. */
export function unquote(text: string): string | number {
  if (text.startsWith('`')) return text.slice(1, -1).replaceAll('\r', '')
  if (text.startsWith('"')) return unescaped(text)
  if (text.startsWith("'")) {
    const value = unescaped(text)
    if ([...value].length !== 1) throw new Error(`malformed character constant: ${text}`)
    return value.codePointAt(0)!
  }
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '')
  // Go reads 017 as octal.
  const value = sign * Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
  if (digits === '' || Number.isNaN(value)) throw new Error(`illegal number syntax: ${JSON.stringify(text)}`)
  return value === 0 ? 0 : value
}

function unescaped(text: string): string {
  return text.slice(1, -1).replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/g, (_, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8))
    const plain = escapes[code]
    if (plain === undefined) throw new Error('invalid syntax')
    return plain
  })
}

const names: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** strconv.Quote */
export function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  return `"${text.replace(/[\x00-\x1f"\\\x7f-\x9f]/g, (c) => names[c] ?? escapeCode(c.charCodeAt(0)))}"`
}

const escapeCode = (code: number) => (code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
