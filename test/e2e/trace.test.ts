import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()

interface TraceEvent {
  ph: string
  name: string
  cat: string
  ts: number
  dur: number
}

/** What a command leaves in its trace: complete events only. */
async function traced(...words: string[]) {
  const file = join(box.top, `trace-${words[0]}.json`)
  const { code, stdout, stderr } = await box.start(words, { env: { LICHEN_TRACE: file } }).exited
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: TraceEvent[] }
  return { code, stdout, stderr, events: traceEvents.filter(({ ph }) => ph === 'X') }
}

const namesOf = (events: TraceEvent[], lane: string) => events.filter(({ cat }) => cat === lane).map(({ name }) => name)

/** From its begin to its end, in microseconds. */
function span(events: TraceEvent[], name: string): [number, number] {
  const { ts, dur } = events.find((event) => event.name === name)!
  return [ts, ts + dur]
}

describe('LICHEN_TRACE', () => {
  it('shows the phases of run, in all of its processes, and is not in the container', async () => {
    const { code, stdout, stderr, events } = await traced('run', '--rm', '--network', 'none', 'busybox', 'sh', '-c', 'env | grep LICHEN')
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: '' })
    expect(namesOf(events, 'lichen')).toEqual(
      expect.arrayContaining(['start the engine', 'open the store', 'find the image', 'make the plan', 'launch', 'wait for the end', 'discard the container']),
    )
    expect(namesOf(events, 'monitor')).toEqual(expect.arrayContaining(['clone', 'id maps', 'wait for its program', 'records of the end']))
    expect(namesOf(events, 'container')).toEqual(expect.arrayContaining(['root file system', 'mounts', 'sandbox']))
    const [from, to] = span(events, 'launch')
    const [mounted, done] = span(events, 'mounts')
    expect([from, mounted, done, to]).toEqual([from, mounted, done, to].toSorted((a, b) => a - b))
  })

  it('shows the network, the way of fuse-overlayfs, and exec', async () => {
    const driver = ['--storage-driver', 'fuse-overlayfs']
    await box.ok(...driver, 'run', '-d', '--name', 'box', 'busybox', 'sleep', '1000')
    const { events } = await traced('exec', 'box', 'true')
    expect(namesOf(events, 'between')).toContain('enter the namespaces')
    expect(namesOf(events, 'container')).toContain('sandbox')
    const started = await traced('restart', '-t', '0', 'box')
    expect(started.code).toBe(0)
    expect(namesOf(started.events, 'between')).toContain('namespaces, root file system')
    expect(namesOf(started.events, 'monitor')).toContain('network')
  })

  it('is no reason to fail', async () => {
    const { code, stderr } = await box.start(['version', '--format', '{{.Client.Version}}'], { env: { LICHEN_TRACE: '/nowhere/trace.json' } }).exited
    expect(code).toBe(0)
    expect(stderr).toMatch(/^Warning: the trace can't be written to \/nowhere\/trace.json: .*ENOENT|no such file/)
  })
})
