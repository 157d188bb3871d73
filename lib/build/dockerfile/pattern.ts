import { addMany, anyCharacter, literal, type Part, Wildcards } from './wildcards.ts'

/** A shell's pattern without brackets, which BuildKit does not know in `${name#pattern}`: `*`, `?`, and backslashes before what is meant as it is. Pure. */
function parts(pattern: string): Part[] {
  const found: Part[] = []
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!
    if (character === '*') addMany(found, anyCharacter)
    else if (character === '?') found.push({ kind: 'one', character: anyCharacter })
    else if (character === '\\') {
      const next = characters[++at]
      if (next === undefined || /[\w\s]/.test(next)) throw new SyntaxError(`invalid escape '\\${next ?? ''}' in the pattern ${JSON.stringify(pattern)}`)
      found.push(literal(next))
    } else found.push(literal(character))
  }
  return found
}

/** Where the shortest or longest that fits ends; undefined where nothing does. */
function endOf(wildcards: Wildcards, text: readonly string[], from: number, longest: boolean): number | undefined {
  let found: number | undefined
  wildcards.find(text, from, (end) => {
    found = end
    return !longest
  })
  return found
}

/** `${value#pattern}`, and with `longest` `##`. Throws SyntaxError, as all of these. */
export function trimPrefix(value: string, pattern: string, longest: boolean): string {
  const text = [...value]
  return text.slice(endOf(new Wildcards(parts(pattern)), text, 0, longest)).join('')
}

/** `${value%pattern}`: from behind, so that the shortest is the shortest. */
export function trimSuffix(value: string, pattern: string, longest: boolean): string {
  const text = [...value].toReversed()
  return text
    .slice(endOf(new Wildcards(parts(pattern).toReversed()), text, 0, longest))
    .toReversed()
    .join('')
}

/** `${value/pattern/replacement}`, with `all` `//`; the longest match each time. Nothing is no match right behind another one, as in Go. */
export function replacePattern(value: string, pattern: string, replacement: string, all: boolean): string {
  const wildcards = new Wildcards(parts(pattern))
  const text = [...value]
  let result = ''
  let behind = -1
  for (let at = 0; at <= text.length; ) {
    const end = endOf(wildcards, text, at, true)
    const matches = end !== undefined && !(end === at && at === behind)
    if (matches) {
      result += replacement
      if (!all) return result + text.slice(end).join('')
      behind = end
    }
    if (matches && end > at) at = end
    else result += text[at++] ?? ''
  }
  return result
}
