/** What a character may be. */
export interface Kind {
  fits(character: string): boolean
  /** The same in a regular expression (flags su). */
  source: string
}

/** A part of a pattern: one character, any number of them, or a choice to go on so many parts further. */
export type Part = { kind: 'one' | 'many'; character: Kind } | { kind: 'skip'; parts: number }

export const anyCharacter: Kind = { fits: () => true, source: '.' }

export const literal = (wanted: string): Part => ({
  kind: 'one',
  character: { fits: (character) => character === wanted, source: wanted.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&') },
})

/** Adds any number of characters; where as many may come already, there is nothing to add. */
export function addMany(parts: Part[], character: Kind): void {
  const last = parts.at(-1)
  if (last?.kind !== 'many' || last.character !== character) parts.push({ kind: 'many', character })
}

/** So often may a regular expression go back and try another way: for a path of 4096 characters 8 million times. */
const QUICK = 2

/**
 * Finds what fits a pattern, in time that grows with the length of the pattern times that of the text and no faster: all ways to read
 * it are followed at once. A RegExp tries them one by one, which takes minutes for a dozen of `*` in a file that a stranger has written. Pure.
 */
export class Wildcards {
  readonly #parts: readonly Part[]

  constructor(parts: readonly Part[]) {
    this.#parts = parts
  }

  /** Calls `accept` with each place where a text that begins at `from` may end, in order, until that returns true. */
  find(text: readonly string[], from: number, accept: (end: number) => boolean): boolean {
    const last = this.#parts.length
    const reached = new Int32Array(last + 1).fill(-1)
    let here: number[] = []
    const add = (state: number, at: number, to: number[]) => {
      if (reached[state] === at) return
      reached[state] = at
      to.push(state)
      const part = this.#parts[state]
      if (part === undefined || part.kind === 'one') return
      add(state + 1, at, to)
      if (part.kind === 'skip') add(state + 1 + part.parts, at, to)
    }
    add(0, from, here)
    for (let at = from; here.length > 0; at++) {
      if (reached[last] === at && accept(at)) return true
      const character = text[at]
      if (character === undefined) return false
      const next: number[] = []
      for (const state of here) {
        const part = this.#parts[state]
        if (part === undefined || part.kind === 'skip' || !part.character.fits(character)) continue
        add(part.kind === 'many' ? state : state + 1, at + 1, next)
      }
      here = next
    }
    return false
  }

  /**
   * The same as a regular expression, where that has few ways to try: it is several times faster, and without a just-in-time compiler
   * most of all. Undefined where it has many.
   */
  get source(): string | undefined {
    if (this.#parts.filter(({ kind }) => kind === 'many').length > QUICK) return undefined
    let source = ''
    let open = 0
    for (const part of this.#parts) {
      if (part.kind === 'skip') {
        source += '(?:'
        open = part.parts
        continue
      }
      source += part.character.source + (part.kind === 'many' ? '*' : '')
      if (open > 0 && --open === 0) source += ')?'
    }
    return source
  }

  /** Whether the whole text fits. */
  fits(text: readonly string[]): boolean {
    return this.find(text, 0, (end) => end === text.length)
  }
}
