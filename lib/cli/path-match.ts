/** Whether Go's path.Match would say so: `*` and `?` stand for anything but a slash, `[a-z]` and `[^a-z]` for one character. */
export function pathMatch(pattern: string, text: string): boolean {
  return expression(pattern)?.test(text) ?? false
}

/** Undefined: the pattern is malformed. */
export function expression(pattern: string): RegExp | undefined {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!
    if (character === '*') source += '[^/]*'
    else if (character === '?') source += '[^/]'
    else if (character === '[') {
      const end = classEnd(pattern, at)
      if (end === undefined) return undefined
      source += characterClass(pattern.slice(at + 1, end))
      at = end
    } else if (character === '\\') {
      if (++at === pattern.length) return undefined
      source += quoted(pattern[at]!)
    } else source += quoted(character)
  }
  try {
    return new RegExp(`^${source}$`, 'su')
  } catch {
    return undefined
  }
}

function classEnd(pattern: string, start: number): number | undefined {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === ']' && at > start + 1) return at
  }
  return undefined
}

function characterClass(inside: string): string {
  const negated = inside.startsWith('^')
  const members = (negated ? inside.slice(1) : inside).replace(/\\(.)|([[\]^&~|])/gsu, (_, escaped: string | undefined, special: string) =>
    escaped === '-' ? '\\-' : quoted(escaped ?? special),
  )
  return `[${negated ? '^' : ''}${members}]`
}

// Not "-": with the flag u it may be quoted within a class only.
const quoted = (character: string) => (/[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character)
