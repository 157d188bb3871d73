import type { ResourceLimits } from '../plan/options.ts'
import { LichenError } from '../system/errors.ts'

export type Controller = 'memory' | 'cpu' | 'pids' | 'cpuset' | 'io'

/** A file of the container's cgroup, and what is written to it. */
export interface LimitWrite {
  file: string
  value: string
}

export interface LimitPlan {
  controllers: Controller[]
  /** In the order in which they must be written. */
  writes: LimitWrite[]
}

const PERIOD = 100_000
const MIB = 1024 * 1024

/**
 * Docker's options as cgroup v2 knows them. `swapAccounting`: memory.swap.max exists.
 * Throws BAD_LIMIT in Docker's words.
 */
export function planLimits(limits: ResourceLimits, { swapAccounting }: { swapAccounting: boolean }): LimitPlan {
  const writes = limitWrites(limits, { swapAccounting })
  // "No limit" needs no controller: it is what a cgroup without one has.
  const needed = writes.filter(({ value }) => value !== 'max')
  const controllers = [...new Set(needed.map(({ file }) => file.split('.')[0] as Controller))]
  return { controllers, writes: writes.filter(({ file }) => controllers.includes(file.split('.')[0] as Controller)) }
}

/** All that was asked for, "no limit" too. Throws BAD_LIMIT. */
export function limitWrites(limits: ResourceLimits, { swapAccounting }: { swapAccounting: boolean }): LimitWrite[] {
  const writes = [...memoryWrites(limits, swapAccounting), ...cpuWrites(limits)]
  const { pidsLimit, cpusetCpus, cpusetMems, blkioWeight } = limits
  if (pidsLimit !== undefined) writes.push({ file: 'pids.max', value: pidsLimit <= 0 ? 'max' : String(pidsLimit) })
  writes.push(...cpusetWrites(cpusetCpus, 'cpus'), ...cpusetWrites(cpusetMems, 'mems'))
  // 10 to 1000 of version 1 as 1 to 10000, 500 having been usual there (opencontainers/cgroups, ConvertBlkIOToIOWeightValue).
  if (blkioWeight !== undefined) writes.push({ file: 'io.weight', value: String(Math.trunc(1 + ((blkioWeight - 10) * 9999) / 990)) })
  return writes
}

function cpusetWrites(list: string | undefined, what: 'cpus' | 'mems'): LimitWrite[] {
  if (list === undefined || list === '') return []
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) throw bad(`Invalid value ${list} for cpuset ${what}`, 'a list like 0-2,5')
  return [{ file: `cpuset.${what}`, value: list }]
}

function memoryWrites(limits: ResourceLimits, swapAccounting: boolean): LimitWrite[] {
  const memory = limits.memory === undefined || limits.memory <= 0 ? undefined : limits.memory
  const { memorySwap = 0, memoryReservation = 0 } = limits
  const writes: LimitWrite[] = []
  if (memory !== undefined && memory < 6 * MIB) throw bad('Minimum memory limit allowed is 6MB')
  if (memorySwap > 0 && memory === undefined) throw bad('You should always set the Memory limit when using Memoryswap limit, see usage')
  if (memorySwap > 0 && memory !== undefined && memorySwap < memory) {
    throw bad('Minimum memoryswap limit should be larger than memory limit, see usage', '--memory-swap is memory and swap together')
  }
  if (memoryReservation > 0 && memory !== undefined && memory < memoryReservation) {
    throw bad('Minimum memory limit can not be less than memory reservation limit, see usage')
  }
  if (memoryReservation > 0) writes.push({ file: 'memory.low', value: String(memoryReservation) })
  if (memory === undefined) return writes
  // Docker counts memory and swap together, cgroup v2 apart; unset is as much swap again.
  const swap = memorySwap < 0 ? 'max' : String(memorySwap === 0 ? memory : memorySwap - memory)
  if (!swapAccounting && memorySwap > 0) {
    throw new LichenError('a limit of swap was asked for, and this kernel does not account swap', {
      code: 'NO_SWAP_ACCOUNTING',
      hint: 'boot with swapaccount=1, or leave out --memory-swap',
    })
  }
  writes.push({ file: 'memory.max', value: String(memory) })
  if (swapAccounting) writes.push({ file: 'memory.swap.max', value: swap })
  return writes
}

function cpuWrites({ cpus, cpuShares, cpuPeriod, cpuQuota }: ResourceLimits): LimitWrite[] {
  const writes: LimitWrite[] = []
  if (cpuPeriod !== undefined || cpuQuota !== undefined) {
    writes.push({ file: 'cpu.max', value: `${cpuQuota === undefined || cpuQuota <= 0 ? 'max' : cpuQuota} ${cpuPeriod ?? PERIOD}` })
  }
  if (cpus !== undefined && cpus !== 0) {
    const quota = Math.round(cpus * PERIOD)
    if (!(quota >= 1000)) throw bad('Range of CPUs is from 0.01 on', 'for example --cpus 0.5')
    writes.push({ file: 'cpu.max', value: `${quota} ${PERIOD}` })
  }
  if (cpuShares !== undefined && cpuShares !== 0) writes.push({ file: 'cpu.weight', value: String(cpuWeight(cpuShares)) })
  return writes
}

/**
 * Shares (2 to 262144, 1024 is usual) as weight (1 to 10000, 100 is usual): the curve through the three that the OCI
 * runtimes agreed on in 2025 (opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value).
 */
export function cpuWeight(shares: number): number {
  if (shares <= 2) return 1
  if (shares >= 262144) return 10000
  const log = Math.log2(shares)
  // The tolerance keeps 1024 at 100 where floating point would make it 101.
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34) - 1e-9)
}

const bad = (message: string, hint?: string) => new LichenError(message, { code: 'BAD_LIMIT', ...(hint === undefined ? {} : { hint }) })
