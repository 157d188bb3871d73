import type { ContainerView } from '../container/view.ts'
import { commandLine } from '../plan/command-line.ts'
import { usageError } from './usage-error.ts'

type Key = (view: ContainerView) => string

const keys: Readonly<Record<string, Key>> = {
  command: ({ record }) => commandLine(record).join(' '),
  created: ({ record }) => record.created,
  id: ({ record }) => record.id,
  image: ({ record }) => record.image.reference,
  names: ({ record }) => record.name,
  runningfor: ({ live, exit }) => live?.startedAt ?? exit?.startedAt ?? '',
  status: ({ status }) => status,
}

/** What `ps --sort` may name; `size` needs the sizes, and so a look at the disk. */
export const sortKeys = [...Object.keys(keys), 'size'].sort()

/** Throws USAGE. */
export function checkSortKey(name: string | undefined): void {
  if (name !== undefined && !sortKeys.includes(name)) throw usageError(`invalid sort flag: ${JSON.stringify(name)}`, `one of: ${sortKeys.join(' ')}`)
}

/** As podman's: upwards, equals as they were. */
export function sortContainers(views: readonly ContainerView[], name: string, sizeOf: (view: ContainerView) => number): ContainerView[] {
  const key = keys[name]
  if (key === undefined) return [...views].sort((a, b) => sizeOf(a) - sizeOf(b))
  const keyed = views.map((view) => ({ view, key: key(view) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ view }) => view)
}
