import { command } from '../cli/command.ts'
import { containerFilter, containerFilters, parseContainerFilters } from '../cli/container-filter.ts'
import { containerHeads, containerRaw, containerRow, containerTable, containerTableWithSize } from '../cli/container-row.ts'
import { checkSortKey, sortContainers, sortKeys } from '../cli/container-sort.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { findContainer } from '../container/find.ts'
import { listContainers } from '../container/list.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import type { Context } from '../system/context.ts'
import { warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

const options = optionTable({
  all: { type: 'boolean', short: 'a', description: 'Show all containers (default shows just running)' },
  filter: { type: 'list', short: 'f', metavar: 'filter', description: `Show what fits name=value (${containerFilters.join(', ')})` },
  format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
  last: { type: 'number', short: 'n', metavar: 'int', default: -1, description: 'Show the last n created containers, in all states' },
  latest: { type: 'boolean', short: 'l', description: 'Show the container created last, in all states' },
  'no-trunc': { type: 'boolean', description: "Don't truncate output" },
  noheading: { type: 'boolean', aliases: ['no-heading'], description: 'Leave the heads of the columns out' },
  size: { type: 'boolean', short: 's', description: 'Display total file sizes' },
  quiet: { type: 'boolean', short: 'q', description: 'Only display container IDs' },
  sort: { type: 'string', metavar: 'string', description: `Sort by ${sortKeys.join(', ')}, upwards` },
})

export const ps = command({
  name: 'ps',
  summary: 'List containers',
  usage: '[OPTIONS]',
  options,
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const filters = parseContainerFilters(options.filter)
    checkSortKey(options.sort)
    const context = await openContext(globals)
    const views = await listContainers(context, (id) => warning(`the record of container ${id.slice(0, 12)} can't be read`))
    const fits = await containerFilter(filters, async (name) => (await findContainer(context, name)).record.created)
    const limit = options.latest ? 1 : options.last
    const all = options.all || limit > 0 || filters.has('status')
    const shown = views.filter((view) => (all || isActive(view)) && fits(view))
    const last = limit > 0 ? shown.slice(0, limit) : shown
    if (options.quiet && options.format !== '') warning('Ignoring custom format, because both --format and --quiet are set')
    const format = options.quiet ? (options.format === 'raw' ? 'container_id: {{.ID}}' : '{{.ID}}') : options.format
    // As Docker: who writes the field down wants it.
    const wantsSize = options.size || options.sort === 'size' || /\.Size\b/.test(format)
    const sizes = wantsSize ? await sizesOf(context, last) : undefined
    const ordered = options.sort === undefined ? last : sortContainers(last, options.sort, ({ record }) => sizes?.get(record.id)?.rw ?? 0)
    const rows = ordered.map((view) => containerRow(view, { truncate: !options['no-trunc'], now: Date.now(), size: sizes?.get(view.record.id) }))
    const lines = formatList(rows, {
      format,
      table: options.size ? containerTableWithSize : containerTable,
      raw: containerRaw(options.size),
      heads: containerHeads,
    })
    printLines(options.noheading && /^\s*(table|$)/.test(format) ? lines.slice(1) : lines)
    return 0
  },
})

/** Loaded where it is wanted: `ps` is to be quick. */
async function sizesOf(context: Context, views: readonly ContainerView[]) {
  const { containerSizes } = await import('../engine/container-sizes.ts')
  return containerSizes(context, views)
}
