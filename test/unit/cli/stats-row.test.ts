import { expect, test } from 'vitest'
import { formatList } from '../../../lib/cli/list-format.ts'
import { statsHeads, statsRow, statsTable } from '../../../lib/cli/stats-row.ts'
import { parseNetDev } from '../../../lib/engine/stats.ts'

const names = { id: '0123456789ab', name: 'web', container: 'web' }
const figures = { cpuPercent: 12.345, memory: 1_536_000, memoryLimit: 2 ** 30, received: 1053, sent: 0, blockRead: 4_260_000, blockWritten: 12, pids: 3 }

test("Docker's columns", () => {
  expect(formatList([statsRow(names, figures), statsRow(names, undefined)], { format: '', table: statsTable, heads: statsHeads })).toEqual([
    'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O       BLOCK I/O      PIDS',
    '0123456789ab   web       12.35%    1.465MiB / 1GiB     0.14%     1.05kB / 0B   4.26MB / 12B   3',
    '0123456789ab   web       --        -- / --             --        --            --             --',
  ])
})

test('without a limit there is no share of it', () => {
  expect(statsRow(names, { ...figures, memoryLimit: 0 }).MemPerc).toBe('0.00%')
})

test('all networks of a namespace but its loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    9000      10    0    0    0     0          0         0     9000      10    0    0    0     0       0          0
  tap0:    1053       8    0    0    0     0          0         0       90       1    0    0    0     0       0          0
  eth1:7 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0
`
  expect(parseNetDev(text)).toEqual({ received: 1060, sent: 93 })
})
