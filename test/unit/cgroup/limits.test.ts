import { describe, expect, test } from 'vitest'
import { cpuWeight, planLimits } from '../../../lib/cgroup/limits.ts'
import type { ResourceLimits } from '../../../lib/plan/options.ts'
import { noLimits } from '../../../lib/plan/plain-options.ts'

const M = 1024 * 1024
const writes = (limits: Partial<ResourceLimits>, swapAccounting = true) =>
  planLimits({ ...noLimits, ...limits }, { swapAccounting }).writes.map(({ file, value }) => `${file}=${value}`)

describe('limits in the words of cgroup v2', () => {
  test.each<[string, Partial<ResourceLimits>, string[]]>([
    ['nothing', {}, []],
    ['memory: as much swap again', { memory: 64 * M }, [`memory.max=${64 * M}`, `memory.swap.max=${64 * M}`]],
    ['memory and swap together', { memory: 64 * M, memorySwap: 96 * M }, [`memory.max=${64 * M}`, `memory.swap.max=${32 * M}`]],
    ['no swap at all', { memory: 64 * M, memorySwap: 64 * M }, [`memory.max=${64 * M}`, 'memory.swap.max=0']],
    ['any swap', { memory: 64 * M, memorySwap: -1 }, [`memory.max=${64 * M}`, 'memory.swap.max=max']],
    ['reservation', { memory: 64 * M, memoryReservation: 32 * M }, [`memory.low=${32 * M}`, `memory.max=${64 * M}`, `memory.swap.max=${64 * M}`]],
    ['half a core', { cpus: 0.5 }, ['cpu.max=50000 100000']],
    ['a third', { cpus: 1 / 3 }, ['cpu.max=33333 100000']],
    ['shares', { cpuShares: 512 }, ['cpu.weight=59']],
    ['pids', { pidsLimit: 20 }, ['pids.max=20']],
    ['unlimited pids need no controller', { pidsLimit: -1 }, []],
    ['quota and period', { cpuQuota: 25_000, cpuPeriod: 50_000 }, ['cpu.max=25000 50000']],
    ['a period alone', { cpuPeriod: 50_000 }, ['cpu.max=max 50000']],
    ['memory nodes', { cpusetMems: '0' }, ['cpuset.mems=0']],
    ['weight of block devices', { blkioWeight: 500 }, ['io.weight=4950']],
    ['cpuset', { cpusetCpus: '0-1,3' }, ['cpuset.cpus=0-1,3']],
  ])('%s', (_, limits, expected) => expect(writes(limits)).toEqual(expected))

  test('a kernel without swap accounting is not asked for it', () => {
    expect(writes({ memory: 64 * M }, false)).toEqual([`memory.max=${64 * M}`])
    expect(() => writes({ memory: 64 * M, memorySwap: 96 * M }, false)).toThrow(/does not account swap/)
  })

  test.each<[Partial<ResourceLimits>, RegExp]>([
    [{ memory: 5 * M }, /Minimum memory limit allowed is 6MB/],
    [{ memorySwap: 64 * M }, /always set the Memory limit/],
    [{ memory: 64 * M, memorySwap: 32 * M }, /Minimum memoryswap limit/],
    [{ memory: 64 * M, memoryReservation: 65 * M }, /memory reservation/],
    [{ cpus: 0.001 }, /Range of CPUs/],
    [{ cpus: -1 }, /Range of CPUs/],
    [{ cpus: Number.NaN }, /Range of CPUs/],
    [{ cpusetCpus: '0;1' }, /cpuset/],
  ])('%j is refused', (limits, message) => expect(() => writes(limits)).toThrow(message))

  test('controllers are named once', () => {
    expect(planLimits({ ...noLimits, memory: 64 * M, cpus: 1, cpuShares: 2, pidsLimit: 1 }, { swapAccounting: true }).controllers).toEqual([
      'memory',
      'cpu',
      'pids',
    ])
  })
})

test.each([
  [1, 1],
  [2, 1],
  [1024, 100],
  [262144, 10000],
  [1e9, 10000],
])('%d shares weigh %d', (shares, weight) => expect(cpuWeight(shares)).toBe(weight))
