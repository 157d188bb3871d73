import { LichenError } from '../system/errors.ts'
import type { HostFacts } from './host-facts.ts'
import type { CreateOptions } from './options.ts'
import type { Rlimit } from './plan.ts'
import type { OciRlimit } from './spec.ts'

/** RLIMIT_* of asm-generic/resource.h, which the processors that lichen runs on share. */
// biome-ignore format: pairs
const numbers: Record<string, number> = {
  CPU: 0, FSIZE: 1, DATA: 2, STACK: 3, CORE: 4, RSS: 5, NPROC: 6, NOFILE: 7, MEMLOCK: 8, AS: 9, LOCKS: 10, SIGPENDING: 11, MSGQUEUE: 12, NICE: 13, RTPRIO: 14, RTTIME: 15,
}

/** RLIM_INFINITY, as the kernel has it and as the nearest number of JavaScript, which JSON can hold. */
export const UNLIMITED = 2n ** 64n - 1n
const unlimitedNumber = 2 ** 64

type Ulimit = CreateOptions['ulimits'][number]

/**
 * `--ulimit` over `default-ulimits` of the configuration. Nobody can raise a hard limit of their own: asked for, that is an
 * error (BAD_ULIMIT); out of the configuration it becomes what there is, and is said.
 */
export function rlimits(wanted: Ulimit[], defaults: Ulimit[], { hardLimits }: Pick<HostFacts, 'hardLimits'>): { rlimits: OciRlimit[]; warnings: string[] } {
  const warnings: string[] = []
  const limits = new Map<string, OciRlimit>()
  for (const { name, soft, hard } of defaults) {
    const most = hardLimits[name.toUpperCase()] ?? UNLIMITED
    if (exact(hard) > most) warnings.push(`default-ulimits: ${name} is lowered to your own hard limit, ${words(most)}`)
    limits.set(name, { type: type(name), soft: number(least(exact(soft), most)), hard: number(least(exact(hard), most)) })
  }
  for (const { name, soft, hard } of wanted) {
    const most = hardLimits[name.toUpperCase()] ?? UNLIMITED
    if (exact(hard) > most) {
      throw new LichenError(`ulimit ${name}=${words(exact(hard))} is above your own hard limit, ${words(most)}`, {
        code: 'BAD_ULIMIT',
        hint: 'an administrator raises it in /etc/security/limits.d, or in the unit of your session',
      })
    }
    limits.set(name, { type: type(name), soft: number(exact(soft)), hard: number(exact(hard)) })
  }
  return { rlimits: [...limits.values()], warnings }
}

/** As setrlimit(2) takes it. Numbers that no rlimit has are handed to `bad`. */
export function compileRlimit({ type, soft, hard }: OciRlimit, bad: (field: string) => never): Rlimit {
  const resource = numbers[type.replace(/^RLIMIT_/, '')]
  if (resource === undefined || !type.startsWith('RLIMIT_')) bad('type')
  const value = (limit: number, field: string) => {
    if (limit >= unlimitedNumber) return UNLIMITED
    return Number.isInteger(limit) && limit >= 0 ? BigInt(limit) : bad(field)
  }
  return { resource, soft: value(soft, 'soft'), hard: value(hard, 'hard') }
}

const type = (name: string) => `RLIMIT_${name.toUpperCase()}`
const exact = (limit: number) => (limit < 0 || limit >= unlimitedNumber ? UNLIMITED : BigInt(limit))
const number = (limit: bigint) => Number(limit)
const least = (a: bigint, b: bigint) => (a < b ? a : b)
const words = (limit: bigint) => (limit === UNLIMITED ? 'unlimited' : String(limit))
