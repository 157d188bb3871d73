import type { Finding } from '../build/dockerfile/check.ts'

/** What `build --check` prints: each finding with the lines around its place, as BuildKit does. */
export function checkReport(findings: readonly Finding[], { file, lines }: { file: string; lines: readonly string[] }): string[] {
  const count = findings.length
  if (count === 0) return ['Check complete, no warnings found.']
  return [
    `Check complete, ${count === 1 ? '1 warning has' : `${count} warnings have`} been found!`,
    ...findings.flatMap((finding) => paragraph(finding, file, lines)),
  ]
}

/** Lines around the place. */
const AROUND = 2

function paragraph({ rule, message, line, endLine }: Finding, file: string, lines: readonly string[]): string[] {
  const [from, to] = [Math.max(1, line - AROUND), Math.min(lines.length, endLine + AROUND)]
  const shown = lines.slice(from - 1, to).map((text, at) => {
    const number = from + at
    return `${String(number).padStart(4)} | ${number >= line && number <= endLine ? '>>>' : '   '} ${text}`
  })
  return ['', `WARNING: ${rule}`, message, `${file}:${line}`, '-'.repeat(20), ...shown, '-'.repeat(20)]
}
