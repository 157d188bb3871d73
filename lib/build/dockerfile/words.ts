import type { LogicalLine } from './lines.ts'
import type { Word } from './source.ts'

/** Words between blanks, quotes and all, as COPY has them; `from` is an offset into the line. */
export function plainWords(line: LogicalLine, from: number): Word[] {
  return [...line.text.slice(from).matchAll(/\S+/g)].map(({ 0: text, index }) => ({ text, ...line.at(from + index) }))
}

/** Words between blanks that are neither quoted nor escaped; both stay in them, as ENV, LABEL and ARG have them. */
export function quotedWords(line: LogicalLine, from: number, backslash: string): (Word & { offset: number })[] {
  const found: (Word & { offset: number })[] = []
  const { text } = line
  for (let at = from; at < text.length; at++) {
    if (/\s/.test(text[at]!)) continue
    const start = at
    let quote = ''
    for (; at < text.length && (quote !== '' || !/\s/.test(text[at]!)); at++) {
      const character = text[at]!
      if (character === backslash && quote !== "'") at++
      else if (quote !== '') quote = character === quote ? '' : quote
      else if (character === '"' || character === "'") quote = character
    }
    found.push({ text: text.slice(start, at), offset: start, ...line.at(start) })
  }
  return found
}

/** `["a", "b"]`; undefined where it is no JSON list. Throws SyntaxError for a list of something else than strings. */
export function jsonForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(list)) return undefined
  if (list.every((entry) => typeof entry === 'string')) return list
  throw new SyntaxError('When using JSON array syntax, arrays must be comprised of strings only.')
}
