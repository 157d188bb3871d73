import type { ContainerView } from '../container/view.ts'
import { allLabels, networkName } from './container-words.ts'
import { type Filters, fitsLabel, parseFilters, passes } from './filters.ts'
import { usageError } from './usage-error.ts'
import { parseWhen } from './when.ts'

export const containerFilters = [
  'id',
  'name',
  'label',
  'status',
  'ancestor',
  'exited',
  'volume',
  'network',
  'before',
  'since',
  'until',
  'publish',
  'expose',
  'is-task',
  'health',
  'restart-policy',
  'should-start-on-boot',
]
const statuses = ['created', 'running', 'paused', 'exited', 'dead', 'restarting', 'removing']
const healths = ['starting', 'healthy', 'unhealthy', 'none']

/** `--filter` of ps and of the verbs that take one. Throws USAGE. */
export function parseContainerFilters(entries: readonly string[]): Filters {
  const filters = parseFilters(entries, containerFilters)
  for (const status of filters.get('status') ?? []) {
    if (!statuses.includes(status)) throw usageError(`invalid filter 'status=${status}'`, `one of: ${statuses.join(' ')}`, 1)
  }
  for (const health of filters.get('health') ?? []) {
    if (!healths.includes(health)) throw usageError(`unrecognized filter value for health: ${health}`, `one of: ${healths.join(' ')}`, 1)
  }
  for (const code of filters.get('exited') ?? [])
    if (!/^-?\d+$/.test(code))
      throw usageError(`invalid filter 'exited=${code}': strconv.Atoi: parsing ${JSON.stringify(code)}: invalid syntax`, 'an exit code', 1)
  for (const name of filters.get('name') ?? []) expression(name)
  for (const name of ['publish', 'expose'] as const) for (const range of filters.get(name) ?? []) portRange(range, name)
  for (const moment of filters.get('until') ?? []) parseWhen(moment, '', Date.now())
  return filters
}

/** Which containers pass; `createdOf` answers for the containers that `before` and `since` name. */
export async function containerFilter(filters: Filters, createdOf: (name: string) => Promise<string>): Promise<(view: ContainerView) => boolean> {
  const bounds = await creationBounds(filters, createdOf)
  return (view) => fits(view, filters) && bounds(view.record.created)
}

function fits(view: ContainerView, filters: Filters): boolean {
  const { record, status, exit } = view
  const { image, mounts, options } = record
  return (
    passes(filters, 'id', (id) => record.id.includes(id)) &&
    passes(filters, 'name', (name) => expression(name).test(`/${record.name}`) || expression(name).test(record.name)) &&
    passes(filters, 'label', (label) => fitsLabel(allLabels(record), label)) &&
    passes(filters, 'status', (wanted) => wanted === status) &&
    passes(filters, 'ancestor', (ancestor) => isOf(ancestor, image.reference, image.id)) &&
    passes(filters, 'exited', (code) => status === 'exited' && exit?.exitCode === Number(code)) &&
    passes(filters, 'volume', (volume) => mounts.some(({ name, source, target }) => [name, source, target].includes(volume))) &&
    passes(filters, 'health', (wanted) => (view.health?.Status ?? 'none') === wanted) &&
    passes(filters, 'restart-policy', (policy) => (options.restart?.policy ?? 'no') === policy) &&
    passes(filters, 'should-start-on-boot', (wanted) => startsOnBoot(view) === (wanted === 'true')) &&
    passes(filters, 'until', (moment) => Date.parse(record.created) < Date.parse(parseWhen(moment, '', Date.now()))) &&
    passes(filters, 'publish', (range) => hostPorts(record).some(portRange(range, 'publish'))) &&
    passes(filters, 'expose', (range) => exposedPorts(record).some(portRange(range, 'expose'))) &&
    // There are no services here that a container could be a task of.
    passes(filters, 'is-task', (wanted) => /^(0|f|false)$/i.test(wanted)) &&
    passes(filters, 'network', (network) => networkName(record) === network)
  )
}

/** podman's word for what its unit starts with the machine: `always`, and `unless-stopped` unless a user has stopped it. */
function startsOnBoot({ record, exit }: ContainerView): boolean {
  const policy = record.options.restart?.policy
  return policy === 'always' || (policy === 'unless-stopped' && exit?.stopped !== true)
}

interface Port {
  containerPort: number
  protocol: string
}

/** As Docker: `publish` looks for the port of the host. */
const hostPorts = ({ ports }: ContainerView['record']) => ports.map(({ hostPort, protocol }) => ({ containerPort: hostPort, protocol }))

const exposedPorts = ({ image, ports }: ContainerView['record']): Port[] => [
  ...Object.keys(image.config.ExposedPorts ?? {}).map((text) => ({ containerPort: Number.parseInt(text, 10), protocol: text.split('/')[1] ?? 'tcp' })),
  ...ports,
]

/** `80`, `80/udp`, `8000-8010/tcp`: a port or a range. Throws USAGE. */
function portRange(text: string, filter: string): (port: Port) => boolean {
  const [, first, last = first, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text) ?? []
  if (first === undefined || Number(first) > Number(last)) throw usageError(`invalid filter '${filter}=${text}'`, '80, 80/udp, 8000-8010/tcp', 1)
  return (port) => port.containerPort >= Number(first) && port.containerPort <= Number(last) && port.protocol === protocol
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
