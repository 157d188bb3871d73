import { command } from '../cli/command.ts'
import { parseFilters, passes } from '../cli/filters.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { secretHeads, secretRow, secretTable } from '../cli/secret-row.ts'
import { listSecrets } from '../storage/secrets.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const secretLs = command({
  name: 'secret ls',
  summary: 'List secrets',
  usage: '[OPTIONS]',
  options: optionTable({
    filter: { type: 'list', short: 'f', metavar: 'filter', description: 'Show what fits name=value (id, name)' },
    format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
    noheading: { type: 'boolean', short: 'n', description: 'No column heads' },
    quiet: { type: 'boolean', short: 'q', description: 'Only display IDs' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const filters = parseFilters(options.filter, ['id', 'name'])
    const secrets = (await listSecrets(await openContext(globals))).filter(
      ({ id, name }) => passes(filters, 'id', (wanted) => id.startsWith(wanted)) && passes(filters, 'name', (wanted) => name.includes(wanted)),
    )
    const rows = secrets.map((secret) => secretRow(secret, Date.now()))
    const format = options.quiet && options.format === '' ? '{{.ID}}' : options.format
    const lines = formatList(rows, { format, table: secretTable, heads: secretHeads })
    printLines(options.noheading && lines.length > rows.length ? lines.slice(1) : lines)
    return 0
  },
})
