import type { CreateOptions, ResourceLimits } from '../plan/options.ts'
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

export interface LimitFlags {
  memory: string | undefined
  'memory-swap': string | undefined
  'memory-reservation': string | undefined
  cpus: string | undefined
  'cpu-shares': number | undefined
  'cpuset-cpus': string | undefined
  'pids-limit': number | undefined
}

/** --memory and its kin; 0 is "not asked for", as in Docker. */
export function parseLimits(flags: LimitFlags): ResourceLimits {
  const memory = bytes(flags.memory, '-m, --memory') || undefined
  const memorySwap = bytes(flags['memory-swap'], '--memory-swap', true) || undefined
  const memoryReservation = bytes(flags['memory-reservation'], '--memory-reservation') || undefined
  if (memory !== undefined && memory < leastMemory) throw usageError('Minimum memory limit allowed is 6MB')
  if (memorySwap !== undefined && memorySwap !== -1) {
    if (memory === undefined) throw usageError('You should always set the Memory limit when using Memoryswap limit, see usage')
    if (memorySwap < memory) throw usageError('Minimum memoryswap limit should be larger than memory limit, see usage')
  }
  if (memoryReservation !== undefined) {
    if (memoryReservation < leastMemory) throw usageError('Minimum memory reservation allowed is 6MB')
    if (memory !== undefined && memory < memoryReservation) throw usageError('Minimum memory limit can not be less than memory reservation limit, see usage')
  }
  const cpuShares = flags['cpu-shares'] || undefined
  if (cpuShares !== undefined && cpuShares < 0) throw usageError('cpu-shares must not be negative')
  const pidsLimit = flags['pids-limit'] || undefined
  if (pidsLimit !== undefined && pidsLimit < -1) throw usageError(`invalid pids limit: ${pidsLimit}`, '-1 is unlimited')
  const cpusetCpus = flags['cpuset-cpus'] || undefined
  if (cpusetCpus !== undefined && !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(cpusetCpus)) throw usageError(`Invalid value ${cpusetCpus} for cpuset cpus`)
  return { memory, memorySwap, memoryReservation, cpus: parseCpus(flags.cpus), cpuShares, cpusetCpus, pidsLimit }
}

function parseCpus(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text)) throw invalidArgument(text, '--cpus', `failed to parse ${text} as a rational number`)
  const cpus = Number(text)
  if (cpus !== 0 && cpus < 0.01) throw usageError('Range of CPUs is from 0.01, there is no meaning in less')
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
    if (value === 'unlimited' || value === '-1') return -1
    if (!/^\d+$/.test(value)) throw bad(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
    return Number(value)
  }
  const soft = number(softText)
  const hard = hardText === undefined ? soft : number(hardText)
  if (hard !== -1 && (soft === -1 || soft > hard)) throw bad(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`)
  return { name, soft, hard }
}
