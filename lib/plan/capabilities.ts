import { LichenError } from '../system/errors.ts'
import { atLeast } from './kernel-release.ts'
import type { CapabilitySets } from './plan.ts'
import type { OciCapabilities } from './spec.ts'

/** By number (linux/capability.h). */
// biome-ignore format: a list of words
const names = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE',
  'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN',
  'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE',
  'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`)

const numbers = new Map(names.map((name, number) => [name, number]))

/** Docker's fourteen. */
// biome-ignore format: a list of words
export const defaultCapabilities = [
  'CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE',
].map((name) => `CAP_${name}`)

/** What this kernel knows: PERFMON and BPF came with 5.8, CHECKPOINT_RESTORE with 5.9. */
export function allCapabilities(kernelRelease: string): string[] {
  return names.slice(0, atLeast(kernelRelease, 5, 9) ? 41 : atLeast(kernelRelease, 5, 8) ? 40 : 38)
}

export interface CapabilityWish {
  add: string[]
  drop: string[]
  privileged: boolean
  kernelRelease: string
}

export interface ChosenCapabilities {
  /** What the container may have, CAP_ in front. */
  capabilities: string[]
  /** Those of them that were asked for by name. */
  added: string[]
}

/** `--cap-add`, `--cap-drop` and `--privileged`, by Docker's rules. Throws BAD_CAPABILITY in its words. */
export function chooseCapabilities({ add, drop, privileged, kernelRelease }: CapabilityWish): ChosenCapabilities {
  const known = allCapabilities(kernelRelease)
  const added = normalize(add, known, 'CapAdd')
  const dropped = normalize(drop, known, 'CapDrop')
  const named = added.filter((name) => name !== 'ALL')
  if (privileged) return { capabilities: known, added: named }
  if (added.includes('ALL')) {
    const capabilities = known.filter((name) => !dropped.includes(name))
    return { capabilities, added: named.filter((name) => capabilities.includes(name)) }
  }
  const basis = dropped.includes('ALL') ? [] : defaultCapabilities.filter((name) => !dropped.includes(name))
  return { capabilities: [...new Set([...basis, ...named])], added: named }
}

function normalize(list: string[], known: string[], field: string): string[] {
  return [...new Set(list)].map((text) => {
    const upper = text.toUpperCase()
    if (upper === 'ALL') return upper
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
    if (known.includes(name)) return name
    const why = numbers.has(name) ? 'capability not supported by your kernel or not available in the current environment' : 'unknown capability'
    throw new LichenError(`invalid ${field}: ${why}: ${JSON.stringify(name)}`, {
      code: 'BAD_CAPABILITY',
      hint: 'names are those of capabilities(7), such as NET_ADMIN; or ALL',
    })
  })
}

/**
 * The sets of a process. Whoever is not root keeps nothing over execve but ambient capabilities: what was added by name, so that
 * `--user 1000 --cap-add NET_ADMIN` is worth something. As with Docker he has no more before it either: execve itself asks whether he may
 * read and enter.
 */
export function capabilitySets({ capabilities, added }: ChosenCapabilities, isRoot: boolean): Required<OciCapabilities> {
  if (isRoot) return { bounding: capabilities, effective: capabilities, permitted: capabilities, inheritable: [], ambient: [] }
  return { bounding: capabilities, effective: added, permitted: added, inheritable: added, ambient: added }
}

/** Names as bits; names of capabilities that nobody knows are handed to `unknown`. */
export function capabilityBits(sets: OciCapabilities | undefined, unknown: (name: string) => never): CapabilitySets {
  const bits = (list: string[] = []) =>
    list.reduce((sum, name) => {
      const number = numbers.get(name)
      return number === undefined ? unknown(name) : sum | (1n << BigInt(number))
    }, 0n)
  return {
    bounding: bits(sets?.bounding),
    effective: bits(sets?.effective),
    inheritable: bits(sets?.inheritable),
    permitted: bits(sets?.permitted),
    ambient: bits(sets?.ambient),
  }
}
