import type { Option, OptionTable } from './options.ts'

export interface Help {
  /** The words that call the verb: `lichen container ls`. */
  words: string
  /** What stands behind them, a line a form. */
  usage: string
  summary: string
  details?: string | undefined
  /** All that call it, itself too. */
  aliases?: readonly string[]
  options: OptionTable
  optionsTitle?: string
}

/** Help as Docker lays it out, in lines of at most `columns` characters where the words allow. */
export function helpText({ words, usage, summary, details, aliases = [], options, optionsTitle = 'Options' }: Help, columns: number): string {
  const forms = usage.split('\n').map((form) => `${words} ${form}`.trimEnd())
  const parts = [`Usage:  ${forms.join('\n        ')}`, summary]
  if (details !== undefined) parts.push(wrap(details, columns).join('\n'))
  if (aliases.length > 1) parts.push(`Aliases:\n  ${aliases.join(', ')}`)
  const lines = optionLines(options, columns)
  if (lines.length > 0) parts.push(`${optionsTitle}:\n${lines.join('\n')}`)
  return `${parts.join('\n\n')}\n`
}

function optionLines(table: OptionTable, columns: number): string[] {
  const shown = Object.entries(table)
    .filter(([, option]) => option.hidden !== true)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, option]) => ({ head: headOf(name, option), option }))
  const indent = Math.max(0, ...shown.map(({ head }) => head.length)) + 3
  return shown.flatMap(({ head, option }) => {
    const [first = '', ...more] = wrap(`${option.description}${defaultOf(option)}`, columns - indent)
    return [`${head.padEnd(indent)}${first}`, ...more.map((line) => `${' '.repeat(indent)}${line}`)]
  })
}

function headOf(name: string, { short, type, metavar, bare }: Option): string {
  const head = `  ${short === undefined ? '    ' : `-${short}, `}--${name}`
  if (type === 'boolean' || type === 'count') return head
  const placeholder = metavar ?? (type === 'number' ? 'int' : type)
  return bare === undefined ? `${head} ${placeholder}` : `${head} ${placeholder}[="${bare}"]`
}

function defaultOf(option: Option): string {
  const value = option.default
  if (value === undefined || value === '' || value === false || value === -1 || option.description.includes('(default')) return ''
  return ` (default ${typeof value === 'string' ? JSON.stringify(value) : value})`
}

function wrap(text: string, columns: number): string[] {
  const wide = Math.max(columns, 24)
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > wide) {
        lines.push(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    return [...lines, line]
  })
}
