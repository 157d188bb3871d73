import { characters } from './width.ts'

/**
 * Lines of tab-separated cells, aligned as Docker's: three blanks between columns at least, no column narrower than `least`.
 * The last cell of a line is left as it is.
 */
export function alignColumns(lines: readonly string[], least = 10): string[] {
  const rows = lines.map((line) => line.split('\t'))
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.slice(0, -1).entries()) widths[at] = Math.max(widths[at] ?? least, characters(cell) + 3)
  }
  return rows.map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat(widths[at]! - characters(cell)))).join(''))
}
