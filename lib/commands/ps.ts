import { command } from '../cli/command.ts'
import { containerHeads, containerRow, containerTable } from '../cli/container-row.ts'
import { allLabels, networkName } from '../cli/container-words.ts'
import { type Filters, fitsLabel, parseFilters, passes } from '../cli/filters.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { listContainers } from '../container/list.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import { warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

const filterNames = ['id', 'name', 'label', 'status', 'ancestor', 'exited', 'volume', 'network', 'before', 'since']
const statuses = ['created', 'running', 'paused', 'exited', 'dead', 'restarting', 'removing']

const options = optionTable({
  all: { type: 'boolean', short: 'a', description: 'Show all containers (default shows just running)' },
  filter: { type: 'list', short: 'f', metavar: 'filter', description: `Show what fits name=value (${filterNames.join(', ')})` },
  format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
  last: { type: 'number', short: 'n', metavar: 'int', default: -1, description: 'Show the last n created containers, in all states' },
  latest: { type: 'boolean', short: 'l', description: 'Show the container created last, in all states' },
  'no-trunc': { type: 'boolean', description: "Don't truncate output" },
  quiet: { type: 'boolean', short: 'q', description: 'Only display container IDs' },
})

export const ps = command({
  name: 'ps',
  summary: 'List containers',
  usage: '[OPTIONS]',
  options,
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const filters = parseFilters(options.filter, filterNames)
    checkValues(filters)
    const context = await openContext(globals)
    const views = await listContainers(context, (id) => warning(`the record of container ${id.slice(0, 12)} can't be read`))
    const bounds = await creationBounds(filters, async (name) => (await findContainer(context, name)).record.created)
    const limit = options.latest ? 1 : options.last
    const all = options.all || limit > 0 || filters.has('status')
    const shown = views.filter((view) => (all || isRunning(view)) && fits(view, filters) && bounds(view.record.created))
    const rows = (limit > 0 ? shown.slice(0, limit) : shown).map((view) => containerRow(view, { truncate: !options['no-trunc'], now: Date.now() }))
    const format = options.quiet && options.format === '' ? '{{.ID}}' : options.format
    printLines(formatList(rows, { format, table: containerTable, heads: containerHeads }))
    return 0
  },
})

function checkValues(filters: Filters): void {
  for (const status of filters.get('status') ?? []) {
    if (!statuses.includes(status)) throw usageError(`invalid filter 'status=${status}'`, `one of: ${statuses.join(' ')}`, 1)
  }
  for (const code of filters.get('exited') ?? []) if (!/^-?\d+$/.test(code)) throw usageError(`invalid filter 'exited=${code}'`, 'an exit code', 1)
  for (const name of filters.get('name') ?? []) expression(name)
}

function fits({ record, status, exit }: ContainerView, filters: Filters): boolean {
  const { image, mounts } = record
  return (
    passes(filters, 'id', (id) => record.id.includes(id)) &&
    passes(filters, 'name', (name) => expression(name).test(`/${record.name}`) || expression(name).test(record.name)) &&
    passes(filters, 'label', (label) => fitsLabel(allLabels(record), label)) &&
    passes(filters, 'status', (wanted) => wanted === status) &&
    passes(filters, 'ancestor', (ancestor) => isOf(ancestor, image.reference, image.id)) &&
    passes(filters, 'exited', (code) => status === 'exited' && exit?.exitCode === Number(code)) &&
    passes(filters, 'volume', (volume) => mounts.some(({ name, source, target }) => [name, source, target].includes(volume))) &&
    passes(filters, 'network', (network) => networkName(record) === network)
  )
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (cause) {
    throw usageError(`invalid filter 'name=${text}'`, (cause as Error).message, 1)
  }
}

function isOf(ancestor: string, reference: string, id: string): boolean {
  const tagged = (name: string) => (/[:@][^/]*$/.test(name) ? name : `${name}:latest`)
  return tagged(ancestor) === tagged(reference) || id === ancestor || (/^[0-9a-f]{4,64}$/.test(ancestor) && id.startsWith(`sha256:${ancestor}`))
}

/** `before` and `since` name containers. */
async function creationBounds(filters: Filters, createdOf: (name: string) => Promise<string>): Promise<(created: string) => boolean> {
  const before = await Promise.all((filters.get('before') ?? []).map(createdOf))
  const since = await Promise.all((filters.get('since') ?? []).map(createdOf))
  return (created) => before.every((bound) => created < bound) && since.every((bound) => created > bound)
}
