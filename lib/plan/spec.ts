/** The OCI runtime specification 1.2 (config.json), as far as Linux containers go. */

export interface OciSpec {
  ociVersion: string
  process?: OciProcess
  root?: { path: string; readonly?: boolean }
  hostname?: string
  domainname?: string
  mounts?: OciMount[]
  hooks?: Partial<Record<'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop', OciHook[]>>
  annotations?: Record<string, string>
  linux?: OciLinux
}

export interface OciHook {
  path: string
  args?: string[]
  env?: string[]
  /** Seconds. */
  timeout?: number
}

export interface OciProcess {
  terminal?: boolean
  consoleSize?: { height: number; width: number }
  user: OciUser
  args?: string[]
  env?: string[]
  cwd: string
  capabilities?: OciCapabilities
  rlimits?: OciRlimit[]
  noNewPrivileges?: boolean
  apparmorProfile?: string
  oomScoreAdj?: number
  selinuxLabel?: string
  ioPriority?: { class: string; priority: number }
  scheduler?: { policy: string; nice?: number; priority?: number; flags?: string[]; runtime?: number; deadline?: number; period?: number }
  execCPUAffinity?: { initial?: string; final?: string }
}

export interface OciUser {
  uid: number
  gid: number
  umask?: number
  additionalGids?: number[]
  /** Only Windows has it in the specification: names are resolved by the runtime, in the container. */
  username?: string
}

export interface OciCapabilities {
  bounding?: string[]
  effective?: string[]
  inheritable?: string[]
  permitted?: string[]
  ambient?: string[]
}

export interface OciRlimit {
  type: string
  /** 18446744073709551615 is unlimited; JSON's nearest double means the same. */
  soft: number
  hard: number
}

export interface OciMount {
  destination: string
  type?: string
  source?: string
  options?: string[]
  uidMappings?: OciIdMapping[]
  gidMappings?: OciIdMapping[]
}

export interface OciIdMapping {
  containerID: number
  hostID: number
  size: number
}

export type OciNamespaceType = 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time'

export interface OciDevice {
  type: string
  path: string
  major?: number
  minor?: number
  fileMode?: number
  uid?: number
  gid?: number
}

export interface OciLinux {
  namespaces?: { type: OciNamespaceType; path?: string }[]
  uidMappings?: OciIdMapping[]
  gidMappings?: OciIdMapping[]
  timeOffsets?: Record<string, { secs?: number; nanosecs?: number }>
  devices?: OciDevice[]
  cgroupsPath?: string
  resources?: OciResources
  sysctl?: Record<string, string>
  seccomp?: OciSeccomp
  rootfsPropagation?: string
  maskedPaths?: string[]
  readonlyPaths?: string[]
  mountLabel?: string
  intelRdt?: object
  personality?: { domain: string; flags?: string[] }
}

export interface OciResources {
  devices?: { allow: boolean; type?: string; major?: number; minor?: number; access?: string }[]
  memory?: { limit?: number; reservation?: number; swap?: number; swappiness?: number; disableOOMKiller?: boolean }
  cpu?: { shares?: number; quota?: number; period?: number; burst?: number; cpus?: string; mems?: string; idle?: number }
  pids?: { limit: number }
  blockIO?: object
  hugepageLimits?: { pageSize: string; limit: number }[]
  network?: object
  rdma?: object
  unified?: Record<string, string>
}

export type SeccompOperator = 'SCMP_CMP_NE' | 'SCMP_CMP_LT' | 'SCMP_CMP_LE' | 'SCMP_CMP_EQ' | 'SCMP_CMP_GE' | 'SCMP_CMP_GT' | 'SCMP_CMP_MASKED_EQ'

export interface SeccompArgument {
  index: number
  value: number
  /** With SCMP_CMP_MASKED_EQ: `value` is the mask, this is what must be left. */
  valueTwo?: number
  op: SeccompOperator
}

export interface SeccompRule {
  names: string[]
  action: string
  errnoRet?: number
  args?: SeccompArgument[]
}

export interface OciSeccomp {
  defaultAction: string
  defaultErrnoRet?: number
  architectures?: string[]
  /** SECCOMP_FILTER_FLAG_* */
  flags?: string[]
  listenerPath?: string
  listenerMetadata?: string
  syscalls?: SeccompRule[]
}
