import { expect, test } from 'vitest'
import { limitTable } from '../../../lib/cli/limit-table.ts'
import { mergeLimits, parseLimits, readLimits } from '../../../lib/cli/limits.ts'
import { parseArgs } from '../../../lib/cli/parse.ts'

const flags = (...words: string[]) => parseArgs(words, limitTable, { min: 0, max: 0 }, 'lichen update').options
const merge = (before: string[], wanted: string[]) => mergeLimits(parseLimits(flags(...before)), readLimits(flags(...wanted)))

test('what update names goes over what the container has', () => {
  expect(merge(['--memory', '64m', '--cpus', '1'], ['--memory', '32m', '--pids-limit', '-1'])).toMatchObject({ memory: 32 * 2 ** 20, cpus: 1, pidsLimit: -1 })
  expect(merge(['--memory', '64m'], ['--memory', '0'])).toMatchObject({ memory: 64 * 2 ** 20 })
  expect(merge(['--memory', '64m', '--memory-swap', '96m'], ['--memory', '128m', '--memory-swap', '-1'])).toMatchObject({ memorySwap: -1 })
})

test.each([
  [['--cpu-period', '50000'], ['--cpus', '1'], 'Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set'],
  [['--cpu-quota', '50000'], ['--cpus', '1'], 'Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set'],
  [['--cpus', '1'], ['--cpu-quota', '50000'], 'Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set'],
  [['--cpus', '1'], ['--cpu-period', '50000'], 'Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set'],
  [[], ['--cpus', '1', '--cpu-period', '50000'], 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [
    ['--memory', '64m', '--memory-swap', '96m'],
    ['--memory', '128m'],
    'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
  ],
  [['--memory', '64m'], ['--memory-swap', '32m'], 'Minimum memoryswap limit should be larger than memory limit, see usage'],
  [[], ['--memory-swap', '32m'], 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [['--memory-reservation', '64m'], ['--memory', '32m'], 'Minimum memory limit can not be less than memory reservation limit, see usage'],
])('%j and then %j is refused', (before, wanted, message) => {
  expect(() => merge(before, wanted)).toThrow(expect.objectContaining({ message }))
})

test.each([
  [['--memory', '1m'], 'Minimum memory limit allowed is 6MB'],
  [['--cpu-period', '10'], 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [['--cpu-quota', '10'], 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [['--blkio-weight', '5'], 'Range of blkio weight is from 10 to 1000'],
  [['--cpuset-mems', 'x'], 'Invalid value x for cpuset mems: invalid format: x'],
])('%j is refused', (words, message) => {
  expect(() => readLimits(flags(...words))).toThrow(expect.objectContaining({ message }))
})
