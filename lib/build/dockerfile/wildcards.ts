/** A part of a pattern: one character, any number of them, or a choice to go on so many parts further. */
export type Part = { kind: 'one' | 'many'; fits(character: string): boolean } | { kind: 'skip'; parts: number }

/** Adds any number of characters; where as many may come already, there is nothing to add. */
export function addMany(parts: Part[], fits: (character: string) => boolean): void {
  const last = parts.at(-1)
  if (last?.kind !== 'many' || last.fits !== fits) parts.push({ kind: 'many', fits })
}

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
        if (part === undefined || part.kind === 'skip' || !part.fits(character)) continue
        add(part.kind === 'many' ? state : state + 1, at + 1, next)
      }
      here = next
    }
    return false
  }

  /** Whether the whole text fits. */
  fits(text: readonly string[]): boolean {
    return this.find(text, 0, (end) => end === text.length)
  }
}
