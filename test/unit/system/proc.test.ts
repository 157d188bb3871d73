import { expect, test } from 'vitest'
import { parseStat, processesAround } from '../../../lib/system/proc.ts'

test('a program may be called what looks like the end of the field', () => {
  const text = '42 (a) S 1 (x) R 7 42 42 34816 42 4194304 1 2 3 4 50 70 0 0 20 5 1 0 9000 1048576 25 184'
  expect(parseStat(text)).toMatchObject({
    pid: 42,
    comm: 'a) S 1 (x',
    state: 'R',
    ppid: 7,
    pgid: 42,
    tty: 34816,
    cpuTicks: 120,
    childrenTicks: 0,
    threads: 1,
    nice: 5,
    startTicks: 9000,
    virtualBytes: 1048576,
    residentPages: 25,
  })
})

test('of a process that has ended nothing is left', async () => {
  expect(parseStat('')).toBeUndefined()
  expect(await processesAround(2 ** 22 + 1)).toEqual([])
})
