import { systemPaths } from './default-paths.ts'
import type { ResourceLimits } from './options.ts'
import { readSeccompDocument } from './seccomp-document.ts'
import { defaultSeccomp } from './seccomp-profile.ts'
import { parseSecurityOptions, type SecurityOptions } from './security-options.ts'
import type { OciLinux, OciResources, OciSeccomp, OciSpec } from './spec.ts'
import type { SpecInput } from './spec-input.ts'
import { specMounts } from './spec-mounts.ts'
import { specNamespaces } from './spec-namespaces.ts'
import { specProcess } from './spec-process.ts'
import { networkSysctls } from './sysctls.ts'

/**
 * The OCI runtime specification of a container, with Docker's defaults as far as they can be had without root. What can't
 * be said in one (groups by name, --init) is handed to compilePlan beside it. Throws what the parts throw, all of it
 * the user's to mend.
 */
export function buildSpec(input: SpecInput): { spec: OciSpec; warnings: string[] } {
  const { options } = input
  const security = parseSecurityOptions(options.securityOpt)
  const { process, warnings } = specProcess(input, security)
  const { mounts, rootfsPropagation, warnings: mountWarnings } = specMounts(input)
  const paths = systemPaths({ ...options, ...security, unconfined: security.unconfinedPaths }, input.host)
  const namespaces = specNamespaces(input)
  const has = (type: string) => namespaces.namespaces?.some((namespace) => namespace.type === type && namespace.path === undefined)
  const seccomp = specSeccomp(input, security, process.capabilities?.bounding ?? [])
  const sysctl = { ...(has('network') ? networkSysctls(input.identity.gidMappings) : {}), ...options.sysctls }
  const resources = specResources(options.limits)
  const linux: OciLinux = {
    ...namespaces,
    ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
    ...(resources === undefined ? {} : { resources }),
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(rootfsPropagation === undefined ? {} : { rootfsPropagation }),
    maskedPaths: paths.masked,
    readonlyPaths: paths.readonly,
  }
  const spec: OciSpec = {
    ociVersion: '1.2.0',
    process,
    root: { path: input.rootfs, readonly: options.readOnly },
    ...(has('uts') ? { hostname: input.hostname } : {}),
    ...(has('uts') && options.domainname !== undefined ? { domainname: options.domainname } : {}),
    mounts,
    ...(Object.keys(options.annotations).length === 0 ? {} : { annotations: options.annotations }),
    linux,
  }
  return { spec, warnings: [...security.warnings, ...warnings, ...mountWarnings] }
}

function specSeccomp({ options, host }: SpecInput, { seccomp }: SecurityOptions, capabilities: string[]): OciSeccomp | undefined {
  const machine = { capabilities, architecture: host.architecture, kernelRelease: host.kernelRelease }
  if (seccomp === 'unconfined' || (seccomp === '' && options.privileged)) return undefined
  return seccomp === '' || seccomp === 'builtin' || seccomp === 'default' ? defaultSeccomp(machine) : readSeccompDocument(seccomp, machine)
}

/** For readers of config.json; what is written to the cgroup is the plan's. */
function specResources(limits: ResourceLimits): OciResources | undefined {
  const memory = {
    ...(limits.memory === undefined ? {} : { limit: limits.memory }),
    ...(limits.memorySwap === undefined ? {} : { swap: limits.memorySwap }),
    ...(limits.memoryReservation === undefined ? {} : { reservation: limits.memoryReservation }),
  }
  const cpu = {
    ...(limits.cpuShares === undefined ? {} : { shares: limits.cpuShares }),
    ...(limits.cpus === undefined ? {} : { quota: Math.round(limits.cpus * 100_000), period: 100_000 }),
    ...(limits.cpuQuota === undefined ? {} : { quota: limits.cpuQuota }),
    ...(limits.cpuPeriod === undefined ? {} : { period: limits.cpuPeriod }),
    ...(limits.cpusetCpus === undefined ? {} : { cpus: limits.cpusetCpus }),
    ...(limits.cpusetMems === undefined ? {} : { mems: limits.cpusetMems }),
  }
  const resources: OciResources = {
    ...(Object.keys(memory).length === 0 ? {} : { memory }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(limits.pidsLimit === undefined ? {} : { pids: { limit: limits.pidsLimit } }),
  }
  return Object.keys(resources).length === 0 ? undefined : resources
}
