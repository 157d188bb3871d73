import { posix } from 'node:path'
import { addMany, anyCharacter, type Kind, literal, type Part, Wildcards } from './wildcards.ts'

/**
 * `.dockerignore`, and the patterns of `--exclude`, as github.com/moby/patternmatcher has them: Go's filepath.Match with `**`, each
 * pattern for a path and all that is below it, the last that fits decides, `!` takes back. Pure.
 */
export class IgnorePatterns {
  readonly #patterns: { fits: (path: string) => boolean; negated: boolean; components: string[] }[]

  /** Throws SyntaxError for a pattern that is none. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.flatMap((raw) => {
      const trimmed = raw.trim()
      if (trimmed === '') return []
      const negated = trimmed.startsWith('!')
      if (trimmed === '!') throw new SyntaxError('illegal exclusion pattern: "!"')
      const pattern = clean(negated ? trimmed.slice(1) : trimmed)
      return [{ fits: folderMatcher(compilePattern(pattern)), negated, components: pattern.split('/') }]
    })
  }

  /** Whether a path, relative and without a slash at its end, is left out. */
  ignores(path: string): boolean {
    let ignored = false
    for (const { fits, negated } of this.#patterns) {
      // What would change nothing need not be tried.
      if (negated === ignored && fits(path)) ignored = !negated
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

/** Whether a path fits, or a folder above it. */
function folderMatcher(wildcards: Wildcards): (path: string) => boolean {
  const { source } = wildcards
  if (source !== undefined) {
    const expression = new RegExp(`^${source}(?:/|$)`, 'su')
    return (path) => expression.test(path)
  }
  return (path) => {
    const characters = [...path]
    return wildcards.find(characters, 0, (end) => end === characters.length || characters[end] === '/')
  }
}

const noSlash: Kind = { fits: (character) => character !== '/', source: '[^/]' }

/** The whole of a path. Throws SyntaxError. */
export function compilePattern(pattern: string): Wildcards {
  const bad = () => new SyntaxError(`syntax error in pattern: ${JSON.stringify(pattern)}`)
  const characters = [...pattern]
  const parts: Part[] = []
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!
    if (character === '*') {
      if (characters[at + 1] !== '*') {
        addMany(parts, noSlash)
        continue
      }
      at++
      // `**/` may be nothing at all.
      if (characters[at + 1] === '/') {
        at++
        if (at + 1 < characters.length) parts.push({ kind: 'skip', parts: 2 }, { kind: 'many', character: anyCharacter }, literal('/'))
        else addMany(parts, anyCharacter)
      } else addMany(parts, anyCharacter)
    } else if (character === '?') parts.push({ kind: 'one', character: noSlash })
    else if (character === '\\') {
      const next = characters[++at]
      if (next === undefined) throw bad()
      parts.push(literal(next))
    } else if (character === '[') {
      const { character: kind, end } = range(characters, at, bad)
      parts.push({ kind: 'one', character: kind })
      at = end
    } else parts.push(literal(character))
  }
  return new Wildcards(parts)
}

/** `[a-z]`, `[^x]`: what filepath.Match takes, and no more. */
function range(characters: readonly string[], from: number, bad: () => Error): { character: Kind; end: number } {
  let at = from + 1
  const negated = characters[at] === '^'
  if (negated) at++
  const ranges: [low: number, high: number][] = []
  const one = (): number => {
    let character = characters[at++]
    if (character === undefined || character === '-' || character === ']') throw bad()
    if (character === '\\') character = characters[at++]
    if (character === undefined) throw bad()
    return character.codePointAt(0)!
  }
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = one()
    let high = low
    if (characters[at] === '-') {
      at++
      high = one()
    }
    if (low > high) throw bad()
    ranges.push([low, high])
  }
  const fits = (character: string) => {
    const point = character.codePointAt(0)!
    return ranges.some(([low, high]) => point >= low && point <= high) !== negated
  }
  const members = ranges.map(([low, high]) => `\\u{${low.toString(16)}}-\\u{${high.toString(16)}}`)
  return { character: { fits, source: `[${negated ? '^' : ''}${members.join('')}]` }, end: at }
}
