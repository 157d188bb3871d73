import { LichenError } from '../system/errors.ts'
import type { IdMapping } from './plan.ts'
import type { OciNamespaceType } from './spec.ts'

const ipc = /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/

/**
 * The namespace that a sysctl belongs to, its key written with dots. Throws BAD_SYSCTL for one that belongs to none,
 * and is therefore the host's.
 */
export function sysctlNamespace(key: string): OciNamespaceType {
  if (!/(^|\.)(\.|$)|\//.test(key)) {
    if (key.startsWith('net.')) return 'network'
    if (ipc.test(key)) return 'ipc'
    if (key === 'kernel.domainname') return 'uts'
  }
  throw new LichenError(`sysctl '${key}' is not allowed`, {
    code: 'BAD_SYSCTL',
    hint: "a container has its own net.*, fs.mqueue.*, kernel.msg*, kernel.sem and kernel.shm*; everything else is the host's",
  })
}

/** `has`: whether the container has a namespace of this type that is not the host's. Throws BAD_SYSCTL. */
export function requireNamespace(key: string, has: (type: OciNamespaceType) => boolean): void {
  const type = sysctlNamespace(dotted(key))
  if (has(type)) return
  throw new LichenError(`sysctl ${JSON.stringify(key)} not allowed in host ${type} namespace`, {
    code: 'BAD_SYSCTL',
    hint: `--sysctl ${key} needs a ${type} namespace of the container's own`,
  })
}

/** sysctl(8) takes slashes too: then a dot is part of a name (net/ipv4/conf/eth0.1/forwarding). */
const dotted = (key: string) => {
  const slash = key.indexOf('/')
  const dot = key.indexOf('.')
  return slash !== -1 && (dot === -1 || slash < dot) ? key.replaceAll('/', '.') : key
}

/** What Docker opens in a network namespace of the container's own: ports below 1024, and ping for every group. */
export function networkSysctls(gidMappings: IdMapping[]): Record<string, string> {
  let [first, last] = [Infinity, 0]
  for (const { container, size } of gidMappings) {
    if (container < first) first = container
    if (container + size - 1 > last) last = container + size - 1
  }
  return { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': `${first} ${last}` }
}
