import { replacePattern, trimPrefix, trimSuffix } from './pattern.ts'

/** Value of a variable; undefined where it is not set. */
export type Lookup = (name: string) => string | undefined

export interface ExpandOptions {
  /** The escape character; `# escape=` may make it a backtick. */
  backslash?: string
  /** Quotes are characters as others: the content of a here-document. */
  plainQuotes?: boolean
}

/**
 * A text in which variables, quotes and escapes have been carried out, as BuildKit's shell lexer does for everything but RUN, CMD
 * and ENTRYPOINT. Pure. Throws SyntaxError.
 */
export function expandWord(text: string, lookup: Lookup, options: ExpandOptions = {}): string {
  return new Expansion(text, lookup, options).until('').result
}

/** The same, split at blanks that are not quoted; those in a variable's value split too. */
export function expandWords(text: string, lookup: Lookup, options: ExpandOptions = {}): string[] {
  return new Expansion(text, lookup, options).until('').words
}

const SPECIAL = '@*#?-$!0'

class Words {
  readonly #done: string[] = []
  #word: string | undefined

  /** What blanks divide. */
  add(text: string): void {
    for (const character of text) {
      if (!/\s/.test(character)) this.#word = (this.#word ?? '') + character
      else this.#finish()
    }
  }

  addQuoted(text: string): void {
    this.#word = (this.#word ?? '') + text
  }

  all(): string[] {
    this.#finish()
    return this.#done
  }

  #finish(): void {
    if (this.#word !== undefined) this.#done.push(this.#word)
    this.#word = undefined
  }
}

class Expansion {
  readonly #text: string[]
  readonly #lookup: Lookup
  readonly #backslash: string
  readonly #plainQuotes: boolean
  #at = 0

  constructor(text: string, lookup: Lookup, { backslash = '\\', plainQuotes = false }: ExpandOptions) {
    this.#text = [...text]
    this.#lookup = lookup
    this.#backslash = backslash
    this.#plainQuotes = plainQuotes
  }

  /** Up to the character `stop`, which is taken too; '' for the end. With `keepEscapes` they stay for a pattern that reads them. */
  until(stop: string, keepEscapes = false): { result: string; words: string[] } {
    const words = new Words()
    let result = ''
    for (;;) {
      const character = this.#next()
      if (character === undefined) {
        if (stop !== '') throw new SyntaxError(`unexpected end of statement while looking for matching ${stop}`)
        return { result, words: words.all() }
      }
      if (character === stop) return { result, words: words.all() }
      if (character === '$') {
        const value = this.#dollar()
        result += value
        words.add(value)
      } else if (!this.#plainQuotes && (character === "'" || character === '"')) {
        const value = character === "'" ? this.#single() : this.#double()
        result += value
        words.addQuoted(value)
      } else if (character === this.#backslash) {
        const next = this.#next()
        // One at the very end means nothing.
        if (next === undefined) continue
        const value = keepEscapes ? `${character}${next}` : next
        result += value
        words.addQuoted(value)
      } else {
        result += character
        words.add(character)
      }
    }
  }

  #next(): string | undefined {
    return this.#text[this.#at++]
  }

  #peek(): string | undefined {
    return this.#text[this.#at]
  }

  #single(): string {
    let result = ''
    for (;;) {
      const character = this.#next()
      if (character === undefined) throw new SyntaxError('unexpected end of statement while looking for matching single-quote')
      if (character === "'") return result
      result += character
    }
  }

  #double(): string {
    let result = ''
    for (;;) {
      const character = this.#next()
      if (character === undefined) throw new SyntaxError('unexpected end of statement while looking for matching double-quote')
      if (character === '"') return result
      if (character === '$') result += this.#dollar()
      else if (character === this.#backslash) {
        const next = this.#peek()
        if (next === '"' || next === '$' || next === this.#backslash) result += this.#next()
        else result += next === undefined ? '' : character
      } else result += character
    }
  }

  #dollar(): string {
    if (this.#peek() !== '{') {
      const name = this.#name()
      return name === '' ? '$' : (this.#lookup(name) ?? '')
    }
    this.#at++
    const first = this.#peek()
    if (first === undefined) throw new SyntaxError("syntax error: missing '}'")
    if (first === '}' || first === ':') throw new SyntaxError('syntax error: bad substitution')
    return this.#braces(this.#name())
  }

  #braces(name: string): string {
    const value = this.#lookup(name)
    let modifier = this.#next()
    if (modifier === '}') return value ?? ''
    const emptyIsUnset = modifier === ':'
    if (emptyIsUnset) modifier = this.#next()
    const isSet = value !== undefined && !(emptyIsUnset && value === '')
    switch (modifier) {
      case undefined:
        throw new SyntaxError("syntax error: missing '}'")
      case '-': {
        const word = this.until('}').result
        return isSet ? value : word
      }
      case '+': {
        const word = this.until('}').result
        return isSet ? word : ''
      }
      case '?': {
        const word = this.until('}').result
        if (isSet) return value
        throw new SyntaxError(`${name}: ${word !== '' ? word : emptyIsUnset ? 'is not allowed to be unset or empty' : 'is not allowed to be unset'}`)
      }
    }
    if (emptyIsUnset || !['#', '%', '/'].includes(modifier))
      throw new SyntaxError(`unsupported modifier (${emptyIsUnset ? ':' : ''}${modifier}) in substitution of ${name}`)
    const doubled = this.#peek() === modifier
    if (doubled) this.#at++
    if (modifier === '/') {
      const pattern = this.until('/', true).result
      const replacement = this.until('}', true).result
      return value === undefined ? '' : replacePattern(value, pattern, replacement, doubled)
    }
    const pattern = this.until('}', true).result
    if (value === undefined) return ''
    return modifier === '#' ? trimPrefix(value, pattern, doubled) : trimSuffix(value, pattern, doubled)
  }

  /** Letters, digits and `_`; a number; or one of the shell's own. */
  #name(): string {
    const first = this.#peek() ?? ''
    if (first !== '' && SPECIAL.includes(first)) {
      this.#at++
      return first
    }
    const grammar = /\d/.test(first) ? /\d/ : /[\p{L}\p{N}_]/u
    let name = ''
    for (let next = first; next !== '' && grammar.test(next); next = this.#peek() ?? '') {
      name += next
      this.#at++
    }
    return name
  }
}
