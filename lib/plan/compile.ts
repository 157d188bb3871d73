import { compileLinks, compileMounts } from './compile-mounts.ts'
import { compileNamespaces, hasNamespace } from './compile-namespaces.ts'
import { compileProcess, type ProcessExtra } from './compile-process.ts'
import { propagationBits } from './mount-options.ts'
import type { Identity, IdMapping, RunPlan } from './plan.ts'
import { type SecretFile, secretMounts } from './secret-mounts.ts'
import type { OciIdMapping, OciSpec } from './spec.ts'
import { requireNamespace } from './sysctls.ts'
import { requireSupported, unsupported } from './unsupported.ts'

/** What is not in a specification: how it is done here, and what the command wants. */
export interface RunExtra
  extends ProcessExtra,
    Pick<
      RunPlan,
      'id' | 'rootfs' | 'entries' | 'network' | 'cgroup' | 'init' | 'files' | 'log' | 'cleanup' | 'timeout' | 'restart' | 'health' | 'events' | 'attached'
    > {
  /** The helpers that write the maps of the specification. */
  identity: Pick<Identity, 'newuidmap' | 'newgidmap' | 'denySetgroups'>
  cgroupVersion: 1 | 2
  /** Symbolic links that are made in the root file system where nothing is. */
  links: { path: string; text: string }[]
  /** Files that are to be in the container and not in its specification, which is kept on disk. */
  secrets: SecretFile[]
}

/** A specification as the runtime's plan; throws UNSUPPORTED_SPEC, which names the field, for what lichen can't do. */
export function compilePlan(spec: OciSpec, extra: RunExtra): RunPlan {
  requireSupported(spec)
  const { process, linux = {} } = spec
  if (process === undefined) throw unsupported('process', 'is missing')
  const { create, join } = compileNamespaces(spec)
  if (spec.hostname && !hasNamespace(spec, 'uts')) throw unsupported('hostname', 'needs a "uts" namespace')
  if (spec.domainname && !hasNamespace(spec, 'uts')) throw unsupported('domainname', 'needs a "uts" namespace')
  for (const key of Object.keys(linux.sysctl ?? {})) requireNamespace(key, (type) => hasNamespace(spec, type))
  const { rootfsPropagation = '' } = linux
  const rootPropagation = rootfsPropagation === '' ? 0 : propagationBits[rootfsPropagation]
  if (rootPropagation === undefined) throw unsupported(`linux.rootfsPropagation: ${JSON.stringify(rootfsPropagation)}`)
  return {
    verb: 'run',
    id: extra.id,
    identity: create.includes('user') ? { ...extra.identity, uidMappings: mappings(linux.uidMappings), gidMappings: mappings(linux.gidMappings) } : unmapped,
    create,
    join,
    hostname: spec.hostname ?? '',
    domainname: spec.domainname ?? '',
    sysctls: Object.entries(linux.sysctl ?? {}).map(([key, value]) => ({ key, value })),
    rootfs: extra.rootfs,
    rootReadonly: spec.root?.readonly ?? false,
    rootPropagation,
    // First of all: what the user mounts over it is not to be written to.
    mounts: [...compileLinks(extra.links), ...compileMounts(spec, extra), ...secretMounts(extra.secrets)],
    entries: extra.entries,
    process: compileProcess(process, extra),
    init: extra.init,
    network: extra.network,
    cgroup: extra.cgroup,
    files: extra.files,
    log: extra.log,
    cleanup: extra.cleanup,
    timeout: extra.timeout,
    restart: extra.restart,
    health: extra.health,
    events: extra.events,
    attached: extra.attached,
  }
}

/** The user namespace is another container's, or the one that lichen is in: there is nothing to map. */
const unmapped: Identity = { uidMappings: [], gidMappings: [], newuidmap: undefined, newgidmap: undefined, denySetgroups: false }

const mappings = (list: OciIdMapping[] = []): IdMapping[] => list.map(({ containerID, hostID, size }) => ({ container: containerID, host: hostID, size }))
