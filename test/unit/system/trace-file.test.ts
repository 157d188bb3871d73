import { describe, expect, it } from 'vitest'
import type { Phase } from '../../../lib/system/trace.ts'
import { traceDocument } from '../../../lib/system/trace-file.ts'

const phase = (lane: Phase['lane'], name: string, begin: number, end: number): Phase => ({ lane, name, begin, end })

describe('traceDocument', () => {
  it('has complete events by their begin, the outer before the inner, and a name for each lane that is used', () => {
    const noted = [phase('lichen', 'inner', 10, 20), phase('container', 'mounts', 12, 15), phase('lichen', 'outer', 10, 40)]
    expect(JSON.parse(traceDocument('lichen run "x"', noted, 7))).toEqual({
      displayTimeUnit: 'ms',
      traceEvents: [
        { name: 'process_name', ph: 'M', pid: 7, tid: 0, args: { name: 'lichen run "x"' } },
        { name: 'thread_name', ph: 'M', pid: 7, tid: 0, args: { name: 'lichen' } },
        { name: 'thread_name', ph: 'M', pid: 7, tid: 3, args: { name: "container's process" } },
        { name: 'outer', cat: 'lichen', ph: 'X', ts: 10, dur: 30, pid: 7, tid: 0 },
        { name: 'inner', cat: 'lichen', ph: 'X', ts: 10, dur: 10, pid: 7, tid: 0 },
        { name: 'mounts', cat: 'container', ph: 'X', ts: 12, dur: 3, pid: 7, tid: 3 },
      ],
    })
  })
})
