import { ownSize } from '../build/cache-entry.ts'
import { cacheFilter, duHeads, duParagraph, duRow, duTable } from '../cli/build-cache-row.ts'
import { command } from '../cli/command.ts'
import { humanSize } from '../cli/humanise.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { alignColumns } from '../cli/table.ts'
import { usageError } from '../cli/usage-error.ts'
import { listBuildCache } from '../engine/build-cache.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const builderDu = command({
  name: 'builder du',
  summary: 'Show what builds have left to be used again',
  usage: '[OPTIONS]',
  options: optionTable({
    builder: { type: 'string', metavar: 'string', hidden: true, description: 'Changes nothing: there is one builder' },
    filter: { type: 'list', metavar: 'filter', description: 'Only what fits until=TIME, id=ID, type=TYPE, shared, private, mutable, description=TEXT' },
    format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
    verbose: { type: 'boolean', description: 'Show all that is known' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    if (options.verbose && options.format !== '') throw usageError('--format and --verbose cannot be used together', undefined, 1)
    const now = Date.now()
    const fits = cacheFilter(options.filter, now)
    const entries = (await listBuildCache(await openContext(globals))).filter(fits)
    const list = options.verbose
      ? entries.map((entry) => duParagraph(entry, now))
      : formatList(
          entries.map((entry) => duRow(entry, now)),
          { format: options.format, table: duTable, heads: duHeads },
        )
    printLines(options.format === '' ? [...list, ...sums(entries)] : list)
    return 0
  },
})

function sums(entries: Parameters<typeof ownSize>[0]): string[] {
  const all = entries.reduce((sum, { size }) => sum + size, 0)
  const own = ownSize(entries)
  const lines = all === own ? [] : [`Shared:\t${humanSize(all - own)}`, `Private:\t${humanSize(own)}`]
  return alignColumns([...lines, `Reclaimable:\t${humanSize(own)}`, `Total:\t${humanSize(all)}`])
}
