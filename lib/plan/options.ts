import type { Healthcheck } from './health.ts'

/**
 * What a user asked of `run` or `create`, parsed and checked in form, not yet against image or host.
 * Kept in the container's record, so every field is JSON.
 */
export interface CreateOptions {
  image: string
  /** Command and arguments behind the image; empty: the image's. */
  command: string[]
  name: string | undefined
  /** undefined: the image's; []: none (`--entrypoint ""`). */
  entrypoint: string[] | undefined
  /** NAME=value in the order given; values of `-e NAME` and `--env-file` are already filled in. */
  env: string[]
  user: string | undefined
  workdir: string | undefined
  hostname: string | undefined
  domainname: string | undefined
  labels: Record<string, string>
  interactive: boolean
  tty: boolean
  detach: boolean
  remove: boolean
  init: boolean
  readOnly: boolean
  volumes: VolumeOption[]
  /** `--volumes-from`: name or id, and ro, rw, z, Z. */
  volumesFrom: { container: string; readOnly: boolean }[]
  /** path -> mount options, as `--tmpfs /run:size=64m,mode=1777`. */
  tmpfs: Record<string, string>
  network: string
  publish: PortOption[]
  addHosts: { host: string; address: string }[]
  /** Addresses, or "none": /etc/resolv.conf is the image's. */
  dns: string[]
  dnsSearch: string[]
  dnsOptions: string[]
  capAdd: string[]
  capDrop: string[]
  securityOpt: string[]
  privileged: boolean
  userns: string
  /** `--uidmap` and `--gidmap`, in the record plain and without gaps to be filled; of the two, an empty one means the usual map. Absent: neither was given. */
  idMaps?: { uids: IdMapRule[]; gids: IdMapRule[] } | undefined
  cgroupParent: string | undefined
  limits: ResourceLimits
  ulimits: { name: string; soft: number; hard: number }[]
  stopSignal: string | undefined
  stopTimeout: number | undefined
  /** Absent: no. `most`: how often at most with on-failure; 0 for no limit. */
  restart?: RestartOption | undefined
  /** `--health-*`; absent: as the image has it. */
  health?: HealthOption | undefined
  /** Seconds after which it is killed; absent: never. */
  timeout?: number | undefined
  pull: 'missing' | 'always' | 'never' | 'newer'
  platform: string | undefined
  /** Bytes of /dev/shm; undefined: as the configuration says, or 64 MiB. */
  shmSize: number | undefined
  pid: string
  ipc: string
  uts: string
  cgroupns: string
  sysctls: Record<string, string>
  devices: string[]
  groupAdd: string[]
  oomScoreAdj: number | undefined
  umask: string | undefined
  annotations: Record<string, string>
  logDriver: string
  logOptions: Record<string, string>
  publishAll: boolean
  cidfile: string | undefined
  detachKeys: string | undefined
  sigProxy: boolean
  attach: string[]
  // Later than 0.1's first records: a container may have been made without them.
  /** Entries for a user whom the image does not know; false: none. */
  passwd?: boolean | undefined
  /** Templates of podman's --passwd-entry and --group-entry. */
  passwdEntry?: string | undefined
  groupEntry?: string | undefined
  hostUsers?: string[]
  /** Names of variables of the image that are left out; "*": all. */
  unsetEnv?: string[]
  /** NAME=text with ${VARIABLE} of the image. */
  envMerge?: string[]
  /** Of /usr/share/zoneinfo, or "local". */
  timezone?: string | undefined
  /** "": made; "none": neither made nor mounted, as "image"; else the path of one on the host that is the beginning. */
  hostsFile?: string
  /** The same of /etc/hostname. */
  noHostname?: boolean
  pidfile?: string | undefined
  /** `image` is a folder of the host that is the root file system. */
  rootfs?: boolean
  macAddress?: string | undefined
  /** port/protocol, on top of what the image exposes. */
  expose?: string[]
  secrets: SecretOption[]
}

/** `size` ids of the container from `container` on are those from `from` on. */
export interface IdMapRule {
  container: number
  /** Intermediate: 0 is the user, from 1 on are his subordinate ids. `host`: as the host counts. */
  from: number
  size: number
  host: boolean
  /** It takes what others before it have. */
  extend: boolean
}

export interface SecretOption {
  name: string
  type: 'mount' | 'env'
  /** mount: a path, below /run/secrets where it is relative; env: a variable. undefined: the name. */
  target: string | undefined
  uid: number
  gid: number
  mode: number
}

export interface VolumeOption {
  type: 'bind' | 'volume' | 'tmpfs' | 'image'
  /** Absolute host path, volume name, or "" for an anonymous volume. */
  source: string
  target: string
  readOnly: boolean
  /** Everything else that was said: rshared, z, U, noexec, subpath=..., tmpfs-size=... */
  options: string[]
  /** bind: a missing source is made, as `-v` does and `--mount` does not. */
  createSource?: boolean
  /** volume: how it is made where there is none. */
  volume?: { labels: Record<string, string>; options: Record<string, string> }
}

export interface RestartOption {
  policy: 'always' | 'unless-stopped' | 'on-failure'
  most: number
}

export interface HealthOption extends Healthcheck {
  /** When it has become unhealthy; absent: nothing. */
  onFailure?: 'kill' | 'restart' | 'stop'
  /** No check is done by itself. */
  onDemand?: boolean
}

export interface PortOption {
  hostIp: string
  /** undefined: a free one is chosen. */
  hostPort: number | undefined
  containerPort: number
  protocol: 'tcp' | 'udp'
}

/** Bytes, cores and counts; undefined: not asked for. -1 is "unlimited" where Docker has it. */
export interface ResourceLimits {
  memory: number | undefined
  memorySwap: number | undefined
  memoryReservation: number | undefined
  cpus: number | undefined
  cpuShares: number | undefined
  /** Microseconds; of both, cpus is the other way to say it. */
  cpuPeriod?: number | undefined
  cpuQuota?: number | undefined
  cpusetCpus: string | undefined
  cpusetMems?: string | undefined
  /** 10 to 1000. */
  blkioWeight?: number | undefined
  pidsLimit: number | undefined
}
