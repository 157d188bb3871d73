import { posix } from 'node:path'

/**
 * `.dockerignore`, and the patterns of `--exclude`, as github.com/moby/patternmatcher has them: Go's filepath.Match with `**`, each
 * pattern for a path and all that is below it, the last that fits decides, `!` takes back. Pure.
 */
export class IgnorePatterns {
  readonly #patterns: { expression: RegExp; negated: boolean; components: string[] }[]

  /** Throws SyntaxError for a pattern that is none. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.flatMap((raw) => {
      const trimmed = raw.trim()
      if (trimmed === '') return []
      const negated = trimmed.startsWith('!')
      if (trimmed === '!') throw new SyntaxError('illegal exclusion pattern: "!"')
      const pattern = clean(negated ? trimmed.slice(1) : trimmed)
      return [{ expression: compilePattern(pattern), negated, components: pattern.split('/') }]
    })
  }

  /** Whether a path, relative and without a slash at its end, is left out. */
  ignores(path: string): boolean {
    let ignored = false
    for (const { expression, negated } of this.#patterns) {
      // What would change nothing need not be tried.
      if (negated !== ignored) continue
      if (parents(path).some((candidate) => expression.test(candidate))) ignored = !negated
    }
    return ignored
  }

  /** Whether nothing below a folder that is left out can come back: then nobody need look into it. */
  hidesAllBelow(path: string): boolean {
    if (!this.ignores(path)) return false
    const components = path.split('/')
    return !this.#patterns.some(({ negated, components: wanted }) => negated && mayLeadTo(components, wanted))
  }
}

/** Lines of an ignore file: `#` in the first column is a comment, a leading slash means nothing. */
export function readIgnoreFile(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const negated = line.startsWith('!')
      const pattern = negated ? line.slice(1).trim() : line
      if (pattern === '') return line
      const cleaned = posix.normalize(pattern)
      const relative = cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned
      return (negated ? '!' : '') + relative
    })
}

function clean(pattern: string): string {
  const normal = posix.normalize(pattern.trim())
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal
}

/** `a`, `a/b`, `a/b/c` */
function parents(path: string): string[] {
  const components = path.split('/')
  return components.map((_, at) => components.slice(0, at + 1).join('/'))
}

/** Components of a pattern without wildcards must agree; from the first wildcard on anything may. */
function mayLeadTo(folder: readonly string[], pattern: readonly string[]): boolean {
  for (const [at, component] of folder.entries()) {
    const wanted = pattern[at]
    // The pattern is for a folder above, and so for all of this.
    if (wanted === undefined) return true
    if (/[*?[\\]/.test(wanted)) return true
    if (wanted !== component) return false
  }
  return true
}

/** The whole of a path. Throws SyntaxError. */
export function compilePattern(pattern: string): RegExp {
  const bad = () => new SyntaxError(`syntax error in pattern: ${JSON.stringify(pattern)}`)
  const characters = [...pattern]
  let expression = '^'
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!
    if (character === '*') {
      if (characters[at + 1] !== '*') {
        expression += '[^/]*'
        continue
      }
      at++
      // `**/` may be nothing at all.
      if (characters[at + 1] === '/') {
        at++
        expression += at + 1 === characters.length ? '.*' : '(.*/)?'
      } else expression += '.*'
    } else if (character === '?') expression += '[^/]'
    else if (character === '\\') {
      const next = characters[++at]
      if (next === undefined) throw bad()
      expression += literal(next)
    } else if (character === '[') {
      const { text, end } = range(characters, at, bad)
      expression += text
      at = end
    } else expression += literal(character)
  }
  return new RegExp(`${expression}$`, 'su')
}

/** `[a-z]`, `[^x]`: what filepath.Match takes, and no more. */
function range(characters: readonly string[], from: number, bad: () => Error): { text: string; end: number } {
  let at = from + 1
  const negated = characters[at] === '^'
  if (negated) at++
  let text = ''
  const one = (): string => {
    let character = characters[at++]
    if (character === undefined || character === '-' || character === ']') throw bad()
    if (character === '\\') character = characters[at++]
    if (character === undefined) throw bad()
    return character
  }
  while (characters[at] !== ']' || text === '') {
    const low = one()
    let high = low
    if (characters[at] === '-') {
      at++
      high = one()
    }
    if (low.codePointAt(0)! > high.codePointAt(0)!) throw bad()
    text += `${member(low)}-${member(high)}`
  }
  return { text: `[${negated ? '^' : ''}${text}]`, end: at }
}

const literal = (character: string) => character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
const member = (character: string) => character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
