import { LichenError } from '../system/errors.ts'

/** What runc lets be mounted inside /proc: files that lxcfs and kin stand in for. */
const allowedInProc = new Set(
  ['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo', 'sys/kernel/ns_last_pid', 'sys/crypto/fips_enabled'].map(
    (name) => `/proc/${name}`,
  ),
)

export interface MountSubject {
  destination: string
  /** File system type; "bind" for a bind mount. */
  type: string
  source: string
}

/**
 * A target without "." and "..", from the root. Throws BAD_MOUNT_TARGET for the root itself, and for what would put something
 * else in the place of /proc, whose files the runtime itself trusts (CVE-2019-16884).
 */
export function mountTarget({ destination, type, source }: MountSubject): string {
  const target = normalPath(destination)
  if (target === '/') throw bad(`invalid mount config: destination can't be '/'`)
  if (target === '/proc') {
    const isProc = type === 'proc' || (type === 'bind' && normalPath(source) === '/proc')
    if (!isProc) throw bad(`"/proc" cannot be mounted because it is not of type proc`)
  } else if (target.startsWith('/proc/') && !(type === 'bind' && allowedInProc.has(target))) {
    throw bad(`${JSON.stringify(target)} cannot be mounted because it is inside /proc`)
  }
  return target
}

/** As if "/" were its beginning: ".." stops there. */
export function normalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

const bad = (message: string) => new LichenError(message, { code: 'BAD_MOUNT_TARGET', hint: 'choose another path inside the container' })
