import { type Source, syntaxError } from './source.ts'

/** `# syntax=`, `# escape=` and `# check=` at the very top. */
export interface Directives {
  syntax: string | undefined
  backslash: '\\' | '`'
  check: string | undefined
}

const KNOWN = ['syntax', 'escape', 'check']

/** The first line that is none ends them: what looks like one further down is a comment. `next` is the number of the line behind. */
export function readDirectives(source: Source): { directives: Directives; next: number } {
  const found = new Map<string, string>()
  let next = 1
  for (const line of source.lines) {
    const [, name = '', value = ''] = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? []
    const key = name.toLowerCase()
    if (!KNOWN.includes(key)) break
    const at = { line: next, column: line.indexOf('#') + 1 }
    if (found.has(key)) throw syntaxError(source, at, `only one ${key} parser directive can be used`, { length: line.length })
    if (key === 'escape' && value !== '\\' && value !== '`')
      throw syntaxError(source, at, `invalid ESCAPE '${value}' does not match \` or \\`, { length: line.length })
    found.set(key, value)
    next++
  }
  return { directives: { syntax: found.get('syntax'), backslash: found.get('escape') === '`' ? '`' : '\\', check: found.get('check') }, next }
}
