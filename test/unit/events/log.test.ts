import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendEvents } from '../../../lib/events/append.ts'
import { type ReadEventsOptions, readEvents } from '../../../lib/events/read.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lichen-events-'))
  path = join(folder, 'events.log')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const event = (action: string, more: Record<string, string> = {}) => ({ type: 'container', action, id: 'x', attributes: more })
const now: ReadEventsOptions = { history: true, end: undefined }
async function actions(options: ReadEventsOptions = now): Promise<string[]> {
  const found: string[] = []
  for await (const { action } of readEvents(path, options)) found.push(action)
  return found
}

describe('the log of events', () => {
  it('is empty where it was never written', async () => {
    expect(await actions()).toEqual([])
  })

  it('gives back what was put in, in order', async () => {
    await appendEvents(path, [event('create'), event('start', { name: 'a "b"\n' })])
    await appendEvents(path, [event('die')])
    const all = []
    for await (const one of readEvents(path, now)) all.push(one)
    expect(all.map(({ action }) => action)).toEqual(['create', 'start', 'die'])
    expect(all[1]).toEqual({ ...event('start', { name: 'a "b"\n' }), time: expect.stringMatching(/^\d{4}-.*\.\d{9}Z$/) })
  })

  it('loses no event to half a line that a full disk has left', async () => {
    writeFileSync(path, '\n{"time":"2026-01-01T00:00:00.000000000Z","type":"contai')
    await appendEvents(path, [event('start')])
    expect(await actions()).toEqual(['start'])
  })

  it('keeps the lines of many writers whole', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, at) => appendEvents(path, [event(`e${at}`, { text: 'x'.repeat(at * 20) })])))
    expect((await actions()).length).toBe(200)
  })

  it('is no reason to fail', async () => {
    await appendEvents(join(folder, 'no/such/folder'), [event('start')])
    expect(existsSync(join(folder, 'no'))).toBe(false)
  })

  it('keeps one older log of a MiB', async () => {
    const long = { text: 'x'.repeat(2 ** 16) }
    for (let at = 0; at < 40; at++) await appendEvents(path, [event(`e${at}`, long)])
    expect(statSync(path).size).toBeLessThan(2 ** 20 + 2 ** 17)
    expect(statSync(`${path}.1`).size).toBeLessThan(2 ** 20 + 2 ** 17)
    const found = await actions()
    expect(found.at(-1)).toBe('e39')
    expect(found).toEqual(Array.from({ length: found.length }, (_, at) => `e${40 - found.length + at}`))
  })

  it('is followed over a rotation, until the end', async () => {
    await appendEvents(path, [event('before')])
    let stop = () => {}
    const end = new Promise<void>((resolve) => (stop = resolve))
    const found: string[] = []
    const reading = (async () => {
      for await (const { action } of readEvents(path, { history: false, end })) {
        found.push(action)
        if (action === 'last') stop()
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const long = { text: 'x'.repeat(2 ** 18) }
    for (let at = 0; at < 6; at++) await appendEvents(path, [event(`e${at}`, long)])
    await appendEvents(path, [event('last')])
    await reading
    expect(found).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'last'])
  })

  it('waits for the end of a line', async () => {
    await appendEvents(path, [event('whole')])
    appendFileSync(path, '{"time":"2026')
    expect(await actions()).toEqual(['whole'])
    expect(readFileSync(path, 'utf8').endsWith('{"time":"2026')).toBe(true)
  })
})
