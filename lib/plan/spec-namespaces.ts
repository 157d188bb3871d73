import type { IdMapping } from './plan.ts'
import type { OciIdMapping, OciLinux, OciNamespaceType } from './spec.ts'
import type { SpecInput } from './spec-input.ts'

/** Namespaces that the container gets or joins; what it shares with the host is left out. */
export function specNamespaces({ options, identity, hostNetwork, join }: SpecInput): Pick<OciLinux, 'namespaces' | 'uidMappings' | 'gidMappings'> {
  const namespaces: { type: OciNamespaceType; path?: string }[] = []
  const add = (type: OciNamespaceType, path: string | undefined, shared: boolean) => {
    if (path !== undefined) namespaces.push({ type, path })
    else if (!shared) namespaces.push({ type })
  }
  add('user', join?.user, false)
  add('mount', undefined, false)
  add('pid', join?.pid, options.pid === 'host')
  add('network', join?.network, hostNetwork)
  add('ipc', join?.ipc, options.ipc === 'host')
  add('uts', join?.uts, options.uts === 'host')
  add('cgroup', join?.cgroup, options.cgroupns === 'host')
  if (join !== undefined) return { namespaces }
  return { namespaces, uidMappings: identity.uidMappings.map(ociMapping), gidMappings: identity.gidMappings.map(ociMapping) }
}

const ociMapping = ({ container, host, size }: IdMapping): OciIdMapping => ({ containerID: container, hostID: host, size })
