/** A shell's pattern without brackets, which BuildKit does not know in `${name#pattern}`: `*`, `?`, and backslashes before what is meant as it is. Pure. */
type Token = '*' | '?' | { literal: string }

/** Throws SyntaxError. */
function tokens(pattern: string): Token[] {
  const found: Token[] = []
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!
    if (character === '*' || character === '?') found.push(character)
    else if (character === '\\') {
      const next = characters[++at]
      if (next === undefined || /[\w\s]/.test(next)) throw new SyntaxError(`invalid escape '\\${next ?? ''}' in the pattern ${JSON.stringify(pattern)}`)
      found.push({ literal: next })
    } else found.push({ literal: character })
  }
  return found
}

function expression(parts: readonly Token[], greedy: boolean): string {
  const any = greedy ? '[^]*' : '[^]*?'
  return parts.map((token) => (token === '*' ? any : token === '?' ? '[^]' : token.literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))).join('')
}

/** `${value#pattern}`, and with `longest` `##`. */
export function trimPrefix(value: string, pattern: string, longest: boolean): string {
  return value.replace(new RegExp(`^${expression(tokens(pattern), longest)}`, 'u'), '')
}

/** `${value%pattern}`: from behind, so that the shortest is the shortest. */
export function trimSuffix(value: string, pattern: string, longest: boolean): string {
  const match = new RegExp(`^${expression(tokens(pattern).toReversed(), longest)}`, 'u').exec([...value].toReversed().join(''))
  return match === null ? value : value.slice(0, value.length - match[0].length)
}

/** `${value/pattern/replacement}`, with `all` `//`; the longest match each time. */
export function replacePattern(value: string, pattern: string, replacement: string, all: boolean): string {
  return value.replace(new RegExp(expression(tokens(pattern), true), all ? 'gu' : 'u'), () => replacement)
}
