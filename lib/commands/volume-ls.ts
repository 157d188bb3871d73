import { command } from '../cli/command.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { volumeFilter, volumeFilters } from '../cli/volume-filter.ts'
import { volumeHeads, volumeRaw, volumeRow, volumeTable } from '../cli/volume-row.ts'
import { volumePlace } from '../engine/volume-place.ts'
import { volumeUsers } from '../engine/volume-users.ts'
import { readVolumes } from '../storage/list-volumes.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const volumeLs = command({
  name: 'volume ls',
  summary: 'List volumes',
  usage: '[OPTIONS]',
  options: optionTable({
    filter: { type: 'list', short: 'f', metavar: 'filter', description: `Show what fits name=value (${volumeFilters.join(', ')})` },
    format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
    noheading: { type: 'boolean', short: 'n', description: 'No column heads' },
    quiet: { type: 'boolean', short: 'q', description: 'Only display volume names' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const { asksForUse, fits } = volumeFilter(options.filter, Date.now())
    const context = await openContext(globals)
    const [volumes, users] = await Promise.all([readVolumes(context), asksForUse ? volumeUsers(context) : undefined])
    const rows = volumes.filter((volume) => fits(volume, users?.has(volume.name) ?? false)).map((volume) => volumeRow(volume, volumePlace(context, volume)))
    const quiet = { '': '{{.Name}}', raw: 'name: {{.Name}}' }[options.format]
    const format = options.quiet && quiet !== undefined ? quiet : options.format
    const lines = formatList(rows, { format, table: volumeTable, raw: volumeRaw, heads: volumeHeads })
    printLines(options.noheading && lines.length > rows.length ? lines.slice(1) : lines)
    return 0
  },
})
