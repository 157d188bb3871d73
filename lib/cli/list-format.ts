import { alignColumns } from './table.ts'
import { rowJson } from './template/row-json.ts'
import { compileTable } from './template.ts'

type Row = Record<string, unknown>

export interface ListFormat {
  /** `--format`: "", table, json, a template, or `table` and a template. */
  format: string
  /** What "" and "table" mean: a template with tabs, without the word table. */
  table: string
  /** What Docker's word "raw" means, where it has one here: a template of several lines. */
  raw?: string
  /** Column heads by field name. */
  heads: Readonly<Record<string, string>>
}

/** Lines of `ps`, `images` and other lists. Fields of a row may be getters: only what a template names is computed. */
export function formatList(rows: readonly Row[], { format, table, raw, heads }: ListFormat): string[] {
  if (format === 'json') return rows.map(rowJson)
  if (format === 'raw' && raw !== undefined) return rows.map(compileTable(raw).line)
  const wanted = format.trim()
  const isTable = wanted === '' || wanted === 'table' || /^table\s/.test(wanted) || wanted.startsWith('table{{')
  const source = wanted === '' || wanted === 'table' ? table : isTable ? wanted.slice('table'.length).trim() : wanted
  const { line, head } = compileTable(source.replaceAll('\\t', '\t').replaceAll('\\n', '\n'))
  const lines = rows.map(line)
  if (!isTable) return lines
  return alignColumns([head(header(heads)), ...lines].flatMap((text) => text.split('\n')))
}

function header(heads: Readonly<Record<string, string>>): Row {
  // The head of `.Label "com.example.some-name"` is "some name".
  return { ...heads, Label: (name: string) => name.split('.').at(-1)!.replace(/[-_]/g, ' ') }
}
