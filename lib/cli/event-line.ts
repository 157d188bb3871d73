import type { Event } from '../events/event.ts'
import { goMap } from './template/values.ts'

/** Docker's line: `2024-05-01T12:00:00.123456789+02:00 container die ID (exitCode=0, image=busybox, name=x)`. */
export function eventLine({ time, type, action, id, attributes }: Event): string {
  const words = Object.entries(attributes).map(([key, value]) => `${key}=${value}`)
  return `${localTime(time)} ${type} ${action} ${id}${words.length === 0 ? '' : ` (${words.sort().join(', ')})`}`
}

/** Go's RFC3339NanoFixed in the user's time zone. */
function localTime(time: string): string {
  const moment = new Date(time)
  const minutes = -moment.getTimezoneOffset()
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, 19)
  const two = (number: number) => String(number).padStart(2, '0')
  const zone = minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
  return `${local}.${fraction(time)}${zone}`
}

const fraction = (time: string) => (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0').slice(0, 9)

/** Docker's message as JSON. Written by hand, because nanoseconds since 1970 are more than a number of JavaScript holds. */
export function eventJson(event: Event): string {
  const { timeNano, ...row } = eventRow(event)
  const { Actor, Type, Action, status, id, from, scope, time } = row
  const head = { ...(status === '' ? {} : { status, ...(id === '' ? {} : { id }), ...(from === '' ? {} : { from }) }), Type, Action, Actor, scope, time }
  return `${JSON.stringify(head).slice(0, -1)},"timeNano":${timeNano}}`
}

/** The same for templates. */
export function eventRow({ time, type, action, id, attributes }: Event) {
  const seconds = Math.floor(Date.parse(time) / 1000)
  const ofContainer = type === 'container'
  const old = ofContainer || type === 'image' ? { status: action, id } : { status: '', id: '' }
  const from = ofContainer ? (attributes['image'] ?? '') : ''
  const timeNano = `${seconds}${fraction(time)}`
  return {
    ...old,
    from,
    Status: old.status,
    ID: old.id,
    From: from,
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: goMap({ ...attributes }) },
    scope: 'local',
    Scope: 'local',
    time: seconds,
    Time: seconds,
    timeNano,
    TimeNano: timeNano,
  }
}
