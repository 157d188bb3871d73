import type { CreateOptions, ResourceLimits } from '../plan/options.ts'
import type { limitTable } from './limit-table.ts'
import type { OptionValues } from './options.ts'
import { parseBytes } from './size.ts'
import { invalidArgument, usageError } from './usage-error.ts'

const leastMemory = 6 * 1024 ** 2

/** Bytes of a flag; `-1` is unlimited where `unlimited` says so. Throws USAGE. */
export function bytes(text: string | undefined, flag: string, unlimited = false): number | undefined {
  if (text === undefined) return undefined
  if (unlimited && text === '-1') return -1
  const value = parseBytes(text)
  if (value === undefined) throw invalidArgument(text, flag, `invalid size: '${text}'`)
  return value
}

export type LimitFlags = OptionValues<typeof limitTable>

/** --memory and its kin, each for itself and all together. Throws USAGE in Docker's words. */
export function parseLimits(flags: LimitFlags): ResourceLimits {
  const limits = readLimits(flags)
  checkTogether(limits)
  return limits
}

/** Limits of a container with those of `update` over them. Throws USAGE in Docker's words, for what does not go together. */
export function mergeLimits(before: ResourceLimits, wanted: ResourceLimits): ResourceLimits {
  if (wanted.cpus !== undefined && before.cpuPeriod !== undefined && wanted.cpuPeriod === undefined)
    throw usageError('Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set')
  if (wanted.cpus !== undefined && before.cpuQuota !== undefined && wanted.cpuQuota === undefined)
    throw usageError('Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set')
  if (wanted.cpuQuota !== undefined && before.cpus !== undefined && wanted.cpus === undefined)
    throw usageError('Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set')
  if (wanted.cpuPeriod !== undefined && before.cpus !== undefined && wanted.cpus === undefined)
    throw usageError('Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set')
  const { memory, memorySwap } = wanted
  if (memory !== undefined && memorySwap === undefined && (before.memorySwap ?? -1) > 0 && memory > before.memorySwap!)
    throw usageError('Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time')
  const limits = { ...before, ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) }
  checkTogether(limits)
  return limits
}

/** What the flags say; 0 is "not asked for", as in Docker. */
export function readLimits(flags: LimitFlags): ResourceLimits {
  const memory = bytes(flags.memory, '-m, --memory') || undefined
  const memorySwap = bytes(flags['memory-swap'], '--memory-swap', true) || undefined
  const memoryReservation = bytes(flags['memory-reservation'], '--memory-reservation') || undefined
  if (memory !== undefined && memory < leastMemory) throw usageError('Minimum memory limit allowed is 6MB')
  if (memoryReservation !== undefined && memoryReservation < leastMemory) throw usageError('Minimum memory reservation allowed is 6MB')
  const cpuShares = flags['cpu-shares'] || undefined
  if (cpuShares !== undefined && cpuShares < 0) throw usageError('cpu-shares must not be negative')
  const pidsLimit = Math.max(-1, flags['pids-limit'] ?? 0) || undefined
  const cpuPeriod = flags['cpu-period'] || undefined
  if (cpuPeriod !== undefined && (cpuPeriod < 1000 || cpuPeriod > 1_000_000))
    throw usageError('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)')
  const cpuQuota = flags['cpu-quota'] || undefined
  if (cpuQuota !== undefined && cpuQuota > 0 && cpuQuota < 1000) throw usageError('CPU cfs quota can not be less than 1ms (i.e. 1000)')
  const blkioWeight = flags['blkio-weight'] || undefined
  if (blkioWeight !== undefined && (blkioWeight < 10 || blkioWeight > 1000)) throw usageError('Range of blkio weight is from 10 to 1000')
  return {
    memory,
    memorySwap,
    memoryReservation,
    cpus: parseCpus(flags.cpus),
    cpuShares,
    cpuPeriod,
    cpuQuota,
    cpusetCpus: cpuset(flags['cpuset-cpus'], 'cpus'),
    cpusetMems: cpuset(flags['cpuset-mems'], 'mems'),
    pidsLimit,
    blkioWeight,
  }
}

function checkTogether({ memory, memorySwap, memoryReservation, cpus, cpuPeriod, cpuQuota }: ResourceLimits): void {
  if (memorySwap !== undefined && memorySwap !== -1) {
    if (memory === undefined) throw usageError('You should always set the Memory limit when using Memoryswap limit, see usage')
    if (memorySwap < memory) throw usageError('Minimum memoryswap limit should be larger than memory limit, see usage')
  }
  if (memory !== undefined && memoryReservation !== undefined && memory < memoryReservation)
    throw usageError('Minimum memory limit can not be less than memory reservation limit, see usage')
  if (cpus !== undefined && cpuPeriod !== undefined) throw usageError('Conflicting options: Nano CPUs and CPU Period cannot both be set')
  if (cpus !== undefined && cpuQuota !== undefined) throw usageError('Conflicting options: Nano CPUs and CPU Quota cannot both be set')
}

function cpuset(list: string | undefined, what: 'cpus' | 'mems'): string | undefined {
  if (list === undefined || list === '') return undefined
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) throw usageError(`Invalid value ${list} for cpuset ${what}: invalid format: ${list}`)
  return list
}

function parseCpus(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) throw invalidArgument(text, '--cpus', `failed to parse ${text} as a rational number`)
  const cpus = Number(text)
  return cpus === 0 ? undefined : cpus
}

const names = /^(core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending|stack)$/

/** `nofile=1024:2048`; -1 or `unlimited` is unlimited. */
export function parseUlimit(text: string): CreateOptions['ulimits'][number] {
  const bad = (why: string) => invalidArgument(text, '--ulimit', why)
  const match = /^([^=]+)=([^:]+)(?::(.+))?$/.exec(text)
  if (match === null) throw bad(`invalid ulimit argument: ${text}`)
  const [, name = '', softText = '', hardText] = match
  if (!names.test(name)) throw bad(`invalid ulimit type: ${name}`)
  const number = (value: string) => {
    if (value.includes(':')) throw bad(`too many limit value arguments - ${softText}:${hardText}, can only have up to two, \`soft[:hard]\``)
    if (value === 'unlimited' || value === '-1') return -1
    if (!/^\d+$/.test(value)) throw bad(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
    return Number(value)
  }
  const soft = number(softText)
  const hard = hardText === undefined ? soft : number(hardText)
  if (hard !== -1 && (soft === -1 || soft > hard)) throw bad(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`)
  return { name, soft, hard }
}
