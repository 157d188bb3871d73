import type { ContainerRecord } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import { appendEvents } from '../events/append.ts'
import type { Event } from '../events/event.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { eventsLog, type Paths } from '../system/paths.ts'

/**
 * Puts down what a command has done, in Docker's words, for `lichen events`: after it was done, and once. Never fails. start, die, oom and
 * health_status of a container are its monitor's to tell.
 */
export async function recordEvent(
  paths: Paths,
  type: 'container' | 'image' | 'volume' | 'network' | 'builder',
  action: string,
  id: string,
  attributes: Record<string, string> = {},
) {
  await appendEvents(eventsLog(paths), [{ type, action, id, attributes }])
}

/** `name`: familiar, with its tag or digest. */
export const recordPull = (paths: Paths, name: string) => recordEvent(paths, 'image', 'pull', name, { name: name.replace(/[:@][^/]*$/, '') })

/** `reference`: in any form. */
export const recordTag = (paths: Paths, id: string, reference: string) =>
  recordEvent(paths, 'image', 'tag', id, { name: familiarReference(parseReference(reference)) })

/** What a prune has brought, in bytes. Docker tells of it where nothing went, too. */
export const recordPrune = (paths: Paths, type: 'container' | 'image' | 'volume' | 'builder', bytes: number) =>
  recordEvent(paths, type, 'prune', '', { reclaimed: String(bytes) })

/** The same of a container: its labels, image and name are added. Several actions are of one moment. */
export async function recordContainerEvent(
  { record, paths }: Pick<ContainerView, 'record' | 'paths'>,
  actions: string | string[],
  more: Record<string, string> = {},
) {
  await appendEvents(
    paths.events,
    [actions].flat().map((action) => containerEvent(record, action, more)),
  )
}

export const containerEvent = (record: ContainerRecord, action: string, more: Record<string, string> = {}): Omit<Event, 'time'> => ({
  type: 'container',
  action,
  id: record.id,
  attributes: { ...record.image.config.Labels, ...record.options.labels, image: record.image.reference, name: record.name, ...more },
})

/** The same as the monitor takes it, to put more attributes and the action behind it. */
export function eventHead(record: ContainerRecord, more: Record<string, string> = {}): string {
  const { type, id, attributes } = containerEvent(record, '', more)
  return `"type":"${type}","id":"${id}","attributes":${JSON.stringify(attributes).slice(0, -1)}`
}
