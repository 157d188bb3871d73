import type { Directives } from './directives.ts'
import { type Position, type Source, syntaxError } from './source.ts'

/** `<<NAME` and what stands between it and NAME. */
export interface HereDocument {
  name: string
  /** Without the leading tabs where it was `<<-`. */
  content: string
  /** The name was not quoted: variables in the content count (in COPY and ADD; in RUN the shell sees to it). */
  expand: boolean
  chomp: boolean
}

/** An instruction as a line: continuations joined, comments in between left out. */
export interface LogicalLine {
  text: string
  /** Of the first and the last line that belong to it, here-documents too. */
  line: number
  endLine: number
  hereDocuments: HereDocument[]
  /** Where a character of `text` stands in the file. */
  at(offset: number): Position
}

const TAKES_HERE_DOCUMENTS = /^\s*(?:onbuild\s+)?(?:run|copy|add)\s/i

/** Logical lines from `first` on (the number of a line, from 1). Throws BAD_DOCKERFILE for a here-document without an end. */
export function logicalLines(source: Source, first: number, { backslash }: Directives): LogicalLine[] {
  const found: LogicalLine[] = []
  for (let next = first - 1; next < source.lines.length; ) {
    const start = source.lines[next]!
    if (start.trim() === '' || isComment(start)) {
      next++
      continue
    }
    const joined = join(source, next, backslash)
    next = joined.next
    const { documents, next: behind } = hereDocuments(source, joined, next)
    next = behind
    found.push({ text: joined.text, line: joined.line, endLine: next, hereDocuments: documents, at: joined.at })
  }
  return found
}

const isComment = (line: string) => line.trimStart().startsWith('#')

interface Joined {
  text: string
  line: number
  /** Index of the first line behind it. */
  next: number
  at(offset: number): Position
}

function join(source: Source, first: number, backslash: string): Joined {
  // At the end, blanks behind it do no harm; two of them are one that is meant.
  const continued = backslash === '\\' ? /(?<!\\)\\[ \t]*$/ : /(?<!`)`[ \t]*$/
  const parts: { offset: number; line: number; column: number }[] = []
  let text = ''
  let next = first
  while (next < source.lines.length) {
    const line = source.lines[next]!
    next++
    // Comments and empty lines in the middle of an instruction are passed over, as Docker still does.
    if (parts.length > 0 && (isComment(line) || line.trim() === '')) continue
    const indent = parts.length === 0 ? line.length - line.trimStart().length : 0
    parts.push({ offset: text.length, line: next, column: indent + 1 })
    const match = continued.exec(line)
    text += line.slice(indent, match?.index)
    if (match === null) break
  }
  // A first line with nothing but its continuation leaves the blanks of the next in front.
  const blanks = text.length - text.trimStart().length
  const at = (offset: number): Position => {
    const part = parts.findLast((candidate) => candidate.offset <= offset + blanks)!
    return { line: part.line, column: part.column + offset + blanks - part.offset }
  }
  return { text: text.trim(), line: parts[0]!.line, next, at }
}

function hereDocuments(source: Source, { text, at }: Joined, first: number): { documents: HereDocument[]; next: number } {
  const documents: HereDocument[] = []
  let next = first
  if (!TAKES_HERE_DOCUMENTS.test(text) || isJsonForm(text)) return { documents, next }
  for (const mark of marks(text)) {
    const lines: string[] = []
    for (;;) {
      const line = source.lines[next++]
      if (line === undefined) {
        throw syntaxError(source, at(mark.offset), 'unterminated heredoc', {
          hint: `a line with nothing but ${mark.name} ends it`,
          length: mark.length,
        })
      }
      const plain = mark.chomp ? line.replace(/^\t+/, '') : line
      if (plain === mark.name) break
      lines.push(`${plain}\n`)
    }
    documents.push({ name: mark.name, content: lines.join(''), expand: mark.expand, chomp: mark.chomp })
  }
  return { documents, next }
}

/** `RUN ["<<EOF"]` has none. */
function isJsonForm(text: string): boolean {
  const [, rest = ''] = /^(?:onbuild\s+)?\S+\s+(?:--\S+\s+)*(\[.*)$/is.exec(text) ?? []
  try {
    return Array.isArray(JSON.parse(rest))
  } catch {
    return false
  }
}

interface Mark {
  offset: number
  length: number
  name: string
  chomp: boolean
  expand: boolean
}

/** `<<NAME`, `<<-NAME`, `<<"NAME"`, `3<<NAME`, `<< NAME`, each a word of its own and not quoted as a whole. */
function marks(text: string): Mark[] {
  const found: Mark[] = []
  for (const match of text.matchAll(/(?<=^|\s)\d*<<(-?)[ \t]*((?:"[^"]*"|'[^']*'|\\.|[^\s<>"'\\|;&])+)(?=$|\s|[|;&>)])/g)) {
    if (insideQuotes(text.slice(0, match.index))) continue
    const [whole, dash, raw = ''] = match
    const name = raw.replace(/"([^"]*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) => double ?? single ?? escaped)
    if (name === '' || /\s/.test(name)) continue
    found.push({ offset: match.index, length: whole.length, name, chomp: dash === '-', expand: raw === name })
  }
  return found
}

function insideQuotes(before: string): boolean {
  const left = before.replace(/\\.|"(?:\\.|[^"\\])*"|'[^']*'/gs, '')
  return /["']/.test(left)
}
