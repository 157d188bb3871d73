import type { HostFacts } from './host-facts.ts'

/** What Docker hides of /proc and /sys. */
const masked = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
  '/sys/fs/selinux',
]

const readonly = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

export interface PathWish {
  privileged: boolean
  /** systempaths=unconfined */
  unconfined: boolean
  /** mask=PATH[:PATH...], one text each. */
  mask: string[]
  /** unmask=ALL or PATH[:PATH...], with shell patterns. */
  unmask: string[]
}

/** Paths that are hidden, and those that can't be written. */
export function systemPaths(wish: PathWish, { thermalThrottle }: Pick<HostFacts, 'thermalThrottle'>): { masked: string[]; readonly: string[] } {
  const open = wish.privileged || wish.unconfined
  const patterns = wish.unmask.flatMap((text) => text.split(':'))
  const keep = (path: string) => !patterns.some((pattern) => pattern.toLowerCase() === 'all' || matches(pattern, path))
  return {
    masked: [...(open ? [] : [...masked, ...thermalThrottle].filter(keep)), ...wish.mask.flatMap((text) => text.split(':'))],
    readonly: open ? [] : readonly.filter(keep),
  }
}

/** Shell patterns as in Go's filepath.Match, without [classes]: `*` and `?` stop at a slash. */
function matches(pattern: string, path: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return new RegExp(`^${expression}/?$`).test(path)
}
