import { LichenError } from '../../system/errors.ts'

/** A Dockerfile as it was read, for messages that show the place. */
export interface Source {
  /** As the user named it. */
  file: string
  lines: readonly string[]
}

/** Both count from 1. */
export interface Position {
  line: number
  column: number
}

/** A piece of the file that is still to be expanded. */
export interface Word extends Position {
  text: string
}

/** An error of the user's Dockerfile: file, line and column in front, and the line with a caret as hint. */
export function syntaxError(source: Source, at: Position, message: string, { hint, length = 1 }: { hint?: string | undefined; length?: number } = {}) {
  const shown = (source.lines[at.line - 1] ?? '').replace(/\t/g, ' ')
  const number = String(at.line)
  const marks = '^'.repeat(Math.max(1, Math.min(length, shown.length - at.column + 1)))
  const lines = [`${number} | ${shown}`, `${' '.repeat(number.length)} | ${' '.repeat(at.column - 1)}${marks}`]
  if (hint !== undefined) lines.push(hint)
  return new LichenError(`${source.file}:${at.line}:${at.column}: ${message}`, { code: 'BAD_DOCKERFILE', hint: lines.join('\n'), exitCode: 1 })
}
