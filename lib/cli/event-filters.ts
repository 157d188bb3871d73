import type { Event } from '../events/event.ts'
import { type Filters, fitsLabel, parseFilters, passes } from './filters.ts'

/** Those of which there are no events here are taken, and let nothing pass. */
const names = ['config', 'container', 'daemon', 'event', 'image', 'label', 'network', 'node', 'plugin', 'scope', 'secret', 'service', 'type', 'volume']
const ofType = (type: string) => (filters: Filters, event: Event) =>
  passes(filters, type, (wanted) => event.type === type && (event.id === wanted || event.id.startsWith(wanted) || event.attributes['name'] === wanted))

/** `--filter` of events. Throws USAGE. */
export function eventFilter(entries: readonly string[]): (event: Event) => boolean {
  const filters = parseFilters(entries, names)
  const checks = ['container', 'volume', 'network', 'config', 'daemon', 'node', 'plugin', 'secret', 'service'].map(ofType)
  return (event) =>
    passes(filters, 'event', (wanted) => event.action === wanted || (event.action.includes(':') && event.action.startsWith(`${wanted}:`))) &&
    passes(filters, 'type', (wanted) => event.type === wanted) &&
    passes(filters, 'scope', (wanted) => wanted === 'local') &&
    passes(filters, 'label', (wanted) => fitsLabel(event.attributes, wanted)) &&
    passes(filters, 'image', (wanted) => isOfImage(event, wanted)) &&
    checks.every((fits) => fits(filters, event))
}

function isOfImage({ type, id, attributes }: Event, wanted: string): boolean {
  const named = type === 'image' ? [id, attributes['name']] : [attributes['image']]
  return named.some((name) => name === wanted || name === `${wanted}:latest` || name?.replace(/:[^/]*$/, '') === wanted)
}
