import { command } from '../cli/command.ts'
import { historyHeads, historyRows, historyTable, historyTableExact } from '../cli/history-row.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { findImage } from '../image/find.ts'
import { readStoredImage } from '../image/store.ts'
import { openContext } from '../system/open-context.ts'
import { onFile } from './file-failure.ts'
import { printLines } from './print.ts'

export const history = command({
  name: 'history',
  summary: 'Show the history of an image',
  usage: '[OPTIONS] IMAGE',
  options: optionTable({
    format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
    human: { type: 'boolean', short: 'H', default: true, description: 'Print sizes and dates for people' },
    'no-trunc': { type: 'boolean', description: "Don't truncate output" },
    quiet: { type: 'boolean', short: 'q', description: 'Only show image IDs' },
  }),
  positionals: { min: 1, max: 1, complete: 'image' },
  async run({ options, positionals }, globals) {
    const context = await openContext(globals)
    const { id, configuration } = await onFile(() => findImage(context, positionals[0]!))
    const sizes = (await readStoredImage(context, id))?.layers.map(({ size }) => size) ?? []
    const input = { id, history: configuration.history ?? [], sizes, created: configuration.created ?? '' }
    const rows = historyRows(input, { truncate: !options['no-trunc'], human: options.human, now: Date.now() })
    const format = options.quiet && options.format === '' ? '{{.ID}}' : options.format
    printLines(formatList(rows, { format, table: options.human ? historyTable : historyTableExact, heads: historyHeads }))
    return 0
  },
})
