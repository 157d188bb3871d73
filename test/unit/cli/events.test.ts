import { describe, expect, it } from 'vitest'
import { eventFilter } from '../../../lib/cli/event-filters.ts'
import { eventJson, eventLine } from '../../../lib/cli/event-line.ts'

const die = {
  time: '2026-03-04T05:06:07.123456789Z',
  type: 'container',
  action: 'die',
  id: 'abc123',
  attributes: { name: 'web', image: 'busybox:1', exitCode: '3', 'com.x': 'y' },
}
const health = { ...die, action: 'health_status: healthy' }
const pull = { ...die, type: 'image', action: 'pull', id: 'alpine:latest', attributes: { name: 'alpine' } }

describe('an event', () => {
  it("is Docker's line, in the user's time zone", () => {
    expect(eventLine(die)).toMatch(
      /^2026-03-0\dT\d\d:\d\d:07\.123456789(Z|[+-]\d\d:\d\d) container die abc123 \(com\.x=y, exitCode=3, image=busybox:1, name=web\)$/,
    )
    expect(eventLine({ ...pull, attributes: {} })).toMatch(/ image pull alpine:latest$/)
  })

  it("is Docker's JSON, with every digit of the time", () => {
    expect(eventJson(die)).toBe(
      '{"status":"die","id":"abc123","from":"busybox:1","Type":"container","Action":"die",' +
        '"Actor":{"ID":"abc123","Attributes":{"name":"web","image":"busybox:1","exitCode":"3","com.x":"y"}},' +
        '"scope":"local","time":1772600767,"timeNano":1772600767123456789}',
    )
  })

  it.each([
    [['event=die'], [die]],
    [['event=health_status'], [health]],
    [['event=health_status: healthy'], [health]],
    [['event=health'], []],
    [['container=web'], [die, health]],
    [['container=abc'], [die, health]],
    [['container=other'], []],
    [['type=image'], [pull]],
    [['image=alpine'], [pull]],
    [['image=busybox'], [die, health]],
    [['label=com.x=y', 'event=die'], [die]],
    [['label=com.x', 'label=none'], []],
    [['scope=swarm'], []],
    [['daemon=x'], []],
    [
      ['event=die', 'event=pull'],
      [die, pull],
    ],
  ])('passes %j or not', (filters, wanted) => {
    expect([die, health, pull].filter(eventFilter(filters))).toEqual(wanted)
  })

  it('has no other filters', () => {
    expect(() => eventFilter(['colour=blue'])).toThrow("invalid filter 'colour'")
  })
})
