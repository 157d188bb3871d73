export type TokenKind =
  | 'text' | 'open' | 'close' | 'space' | 'field' | 'variable' | 'identifier' | 'keyword' | 'bool' | 'nil' | 'dot'
  | 'string' | 'number' | 'pipe' | 'left' | 'right' | 'declare' | 'assign' | 'comma' | 'character' | 'eof' // biome-ignore format: a list

export interface Token {
  kind: TokenKind
  text: string
  /** Offset in the source. */
  at: number
}

/** `template: :LINE: message`, as Go's parser says it. */
export class TemplateError extends Error {}

export function syntaxError(source: string, at: number, message: string): TemplateError {
  return new TemplateError(`template: :${source.slice(0, at).split('\n').length}: ${message}`)
}

const keywords = new Set(['if', 'else', 'end', 'range', 'with', 'break', 'continue', 'define', 'block', 'template'])
const patterns: readonly [TokenKind, RegExp][] = [
  ['space', /[ \t\r\n]+/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['number', /'(?:[^'\\\n]|\\.)+'/y],
  ['number', /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|[+-]/y],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['identifier', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['left', /\(/y],
  ['right', /\)/y],
  ['comma', /,/y],
]

/** Splits a template of Go's text/template into tokens; trim markers and comments are gone afterwards. */
export function lex(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let trimLeft = false
  while (at < source.length) {
    const open = source.indexOf('{{', at)
    const trimRight = open !== -1 && /^-[ \t\r\n]/.test(source.slice(open + 2, open + 4))
    let text = source.slice(at, open === -1 ? undefined : open)
    if (trimLeft) text = text.replace(/^[ \t\r\n]+/, '')
    if (trimRight) text = text.replace(/[ \t\r\n]+$/, '')
    if (text !== '') tokens.push({ kind: 'text', text, at })
    if (open === -1) break
    const inside = open + (trimRight ? 3 : 2)
    const comment = /^[ \t\r\n]*\/\*/.exec(source.slice(inside))
    // A comment must touch the delimiter, or the space of its trim marker.
    const end =
      comment !== null && (trimRight || comment[0] === '/*') ? skipComment(source, inside + comment[0].length) : lexAction(source, open, inside, tokens)
    at = end.at
    trimLeft = end.trim
  }
  tokens.push({ kind: 'eof', text: '', at: source.length })
  return tokens
}

function skipComment(source: string, from: number): { at: number; trim: boolean } {
  const end = source.indexOf('*/', from)
  if (end === -1) throw syntaxError(source, from, 'unclosed comment')
  const close = /^([ \t\r\n]-)?\}\}/.exec(source.slice(end + 2))
  if (close === null) throw syntaxError(source, end, 'comment ends before closing delimiter')
  return { at: end + 2 + close[0].length, trim: close[1] !== undefined }
}

function lexAction(source: string, open: number, inside: number, tokens: Token[]): { at: number; trim: boolean } {
  tokens.push({ kind: 'open', text: '{{', at: open })
  let at = inside
  let depth = 0
  while (at < source.length) {
    const trim = /^[ \t\r\n]+-\}\}/.exec(source.slice(at))
    if (trim !== null || source.startsWith('}}', at)) {
      if (depth > 0) throw syntaxError(source, at, 'unclosed left paren')
      tokens.push({ kind: 'close', text: '}}', at })
      return { at: at + (trim === null ? 2 : trim[0].length), trim: trim !== null }
    }
    const token = nextToken(source, at)
    if (token.kind === 'left') depth++
    if (token.kind === 'right' && --depth < 0) throw syntaxError(source, at, 'unexpected right paren')
    tokens.push(token)
    at += token.text.length
    if (token.kind === 'field' || token.kind === 'variable' || token.kind === 'identifier' || token.kind === 'keyword') checkEnd(source, at)
  }
  throw syntaxError(source, at, 'unclosed action')
}

function nextToken(source: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const text = pattern.exec(source)?.[0]
    if (text !== undefined) return { kind: kind === 'identifier' ? word(text) : kind, text: badNumber(source, at, kind, text), at }
  }
  const character = String.fromCodePoint(source.codePointAt(at)!)
  if (character === '"') throw syntaxError(source, at, 'unterminated quoted string')
  if (character === '`') throw syntaxError(source, at, 'unterminated raw quoted string')
  if (character === "'") throw syntaxError(source, at, 'unterminated character constant')
  if (character > ' ' && character < '\x7f') return { kind: 'character', text: character, at }
  throw syntaxError(source, at, `unrecognized character in action: ${codePoint(character)}`)
}

/** What may stand right behind a word. */
function checkEnd(source: string, at: number): void {
  if (at >= source.length || /^(?:[ \t\r\n.,|:()]|\}\})/.test(source.slice(at, at + 2))) return
  throw syntaxError(source, at, `bad character ${codePoint(String.fromCodePoint(source.codePointAt(at)!))}`)
}

const codePoint = (character: string) => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} '${character}'`

function badNumber(source: string, at: number, kind: TokenKind, text: string): string {
  const tail = kind === 'number' ? /^[\p{L}\p{Nd}_]+/u.exec(source.slice(at + text.length)) : null
  if (tail !== null) throw syntaxError(source, at, `bad number syntax: "${text}${tail[0]}"`)
  return text
}

function word(text: string): TokenKind {
  if (keywords.has(text)) return 'keyword'
  if (text === 'true' || text === 'false') return 'bool'
  return text === 'nil' ? 'nil' : 'identifier'
}
