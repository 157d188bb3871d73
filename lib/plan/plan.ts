/**
 * What the native runtime is asked to do. Pure data: `runtime/protocol.ts` puts it on the wire,
 * `native/runtime/protocol.h` says what each field makes the runtime do.
 */
import type { HealthPlan } from './health.ts'

/** `size` ids from `container` on, inside, are the ids from `host` on, outside (OCI: linux.uidMappings). */
export interface IdMapping {
  container: number
  host: number
  size: number
}

/** How the user namespace of a container, or of work on the store, is mapped. */
export interface Identity {
  uidMappings: IdMapping[]
  gidMappings: IdMapping[]
  /** Setuid helpers; undefined: the map is written directly (one id, or the caller is root). */
  newuidmap: string | undefined
  newgidmap: string | undefined
  denySetgroups: boolean
}

export type NamespaceKind = 'user' | 'mnt' | 'pid' | 'net' | 'ipc' | 'uts' | 'cgroup'

export type RootfsPlan =
  | { kind: 'overlay'; merged: string; upper: string; work: string; lower: string[]; options: string }
  | { kind: 'fuse-overlayfs'; merged: string; upper: string; work: string; lower: string[]; options: string; program: string }
  | { kind: 'directory'; merged: string }

export type MountKind = 'bind' | 'fs' | 'symlink' | 'mask' | 'readonly' | 'mkdir' | 'propagation' | 'content' | 'image'

/** mount_setattr(2) attributes. */
export type MountAttribute = 'ro' | 'nosuid' | 'nodev' | 'noexec' | 'noatime' | 'strictatime' | 'nodiratime' | 'nosymfollow'

export type MountFlag = 'recursive' | 'optional' | 'copy-up' | 'slave' | 'shared' | 'create-source' | 'chown' | 'upper'

/** One step of the mount table, carried out in order; targets are absolute, inside the container. */
export interface MountPlan {
  kind: MountKind
  /** bind: host path. fs: file system type. symlink: its text. content: where the tmpfs is that holds it. image: a folder with what the mount needs. */
  source: string
  target: string
  /** fs: options as mount(2) takes them. bind: a path below the source, or "". image: the same of the image. content: "uid:gid". */
  data: string
  attributes: MountAttribute[]
  flags: MountFlag[]
  /** mkdir, content: permission bits. propagation: MS_* bits. Else 0. */
  mode: number
  content?: Uint8Array
  /** image: folders, topmost first. */
  layers?: string[]
}

/** Bit sets of capabilities, bit n for capability number n (linux/capability.h). */
export interface CapabilitySets {
  bounding: bigint
  effective: bigint
  inheritable: bigint
  permitted: bigint
  ambient: bigint
}

/** Soft and hard limit; `undefined` as a number is RLIM_INFINITY, given as 2n ** 64n - 1n. */
export interface Rlimit {
  /** RLIMIT_* number. */
  resource: number
  soft: bigint
  hard: bigint
}

export interface ProcessPlan {
  args: string[]
  /** NAME=value. */
  env: string[]
  cwd: string
  /** "", name, uid, each with or without ":group"; names are looked up in the container. */
  user: string
  groups: string[]
  keepGroups: boolean
  capsRoot: CapabilitySets
  capsUser: CapabilitySets
  noNewPrivileges: boolean
  /** struct sock_filter array; undefined: no filter. */
  seccomp: { program: Uint8Array; flags: number } | undefined
  rlimits: Rlimit[]
  umask: number | undefined
  oomScoreAdj: number | undefined
  /** A pty of this size (0 0: unknown); undefined: three pipes. */
  terminal: { rows: number; columns: number } | undefined
  stdin: 'none' | 'open' | 'once'
  /** How many of the caller's descriptors it has as its 3 and on, in its first run. */
  given?: number
}

export interface NetworkPlan {
  /** argv of slirp4netns with "{net}" for the namespace file, and "{user}" where it is to enter that one itself; empty: no helper. */
  helper: string[]
  /** Its API socket; "" where no request is made. */
  apiSocket: string
  /** JSON texts for the API socket. */
  requests: string[]
}

export type CgroupPlan = { mode: 'none' } | { mode: 'directory' | 'scope'; path: string; controllers: string; writes: { file: string; value: string }[] }

export type LogDriver = 'none' | 'json-file' | 'k8s-file' | 'journald' | 'passthrough'

/** Everything that `lichen-runtime run` needs to start a container and to be its monitor. */
export interface RunPlan {
  verb: 'run'
  id: string
  identity: Identity
  /** Namespaces to create. */
  create: NamespaceKind[]
  /** Namespaces of others to enter. */
  join: { kind: NamespaceKind; path: string }[]
  hostname: string
  domainname: string
  sysctls: { key: string; value: string }[]
  rootfs: RootfsPlan
  rootReadonly: boolean
  rootPropagation: number
  mounts: MountPlan[]
  /** Lines for /etc/passwd and /etc/group of the image. */
  entries: { file: '/etc/passwd' | '/etc/group'; line: string }[]
  process: ProcessPlan
  /** A reaping init of ours as pid 1. */
  init: boolean
  network: NetworkPlan
  cgroup: CgroupPlan
  /**
   * `pidfile` is the user's, "": none. `amendment` may come to be: what has been changed since (encodeAmendment). `grave`, "": none: its folder once it
   * has been discarded, for the monitor to delete.
   */
  files: { lock: string; live: string; exit: string; attachSocket: string; pidfile: string; amendment: string; grave: string }
  /** `path`: of journald its socket. `extra`: what every entry has, as PLAN_LOG wants it. */
  log: { driver: LogDriver; path: string; maxSize: number; maxFiles: number; extra: Uint8Array }
  /** Started once when the container is gone and no launcher is connected: `--rm` of detached containers. */
  cleanup: string[]
  /** Milliseconds after which the container is killed; 0: never. */
  timeout: number
  /** Whether the monitor starts it again when it has ended; `most`: how often, 0 for no limit. */
  restart: { policy: 'no' | 'always' | 'on-failure'; most: number }
  /** Checks that the monitor does, `plan` each time; undefined: none. */
  health: (Omit<HealthPlan, 'args'> & { file: string; plan: ExecPlan; action: 'none' | 'kill' | 'restart' | 'stop'; stop: StopPlan }) | undefined
  /** Where the monitor tells of what happens; undefined: nowhere. */
  events: EventsPlan | undefined
  /** FD_CLIENT carries a client of the attach protocol. */
  attached: boolean
}

export interface EventsPlan {
  log: string
  /** Members of a JSON object, of which the last is an object that is still open. */
  head: string
  /** Members of whole events of other things, for the start and the end of each run. */
  fixed: { phase: 'start' | 'end'; members: string }[]
}

/** How the monitor itself stops the container. */
export interface StopPlan {
  signal: number
  milliseconds: number
}

/** `lichen-runtime exec`: one more process in a running container. */
export interface ExecPlan {
  verb: 'exec'
  id: string
  /** The container's first process as the host counts, and its start time (field 22 of /proc/PID/stat). */
  target: { pid: number; startTime: number }
  enter: NamespaceKind[]
  process: ProcessPlan
  /** Absolute path of the container's cgroup; "": stay. */
  cgroup: string
  /** The supervisor waits until it has been put where it may send a process into that cgroup from (`place` of launch). */
  placed: boolean
  /** Where its end is told. */
  events?: Omit<EventsPlan, 'fixed'> | undefined
  attached: boolean
}

export type UnshareOperation =
  | { kind: 'exec'; args: string[]; env: string[] }
  | { kind: 'apply'; directory: string }
  | { kind: 'remove'; paths: string[] }
  /** Layers bottom first. */
  | { kind: 'merge'; target: string; layers: string[] }
  | { kind: 'probe'; rootfs: RootfsPlan }
  /** In the namespaces of the caller: the identity has no maps. What serves the mount ends with the process `owner`. */
  | { kind: 'mount'; folder: string; rootfs: RootfsPlan; owner: number }
  | { kind: 'unmount'; paths: string[] }
  /** `follow`: a link at the end of a path; one that dangles stays itself. */
  | { kind: 'stat'; view: View; paths: string[]; follow: boolean; sync?: boolean }
  /** `name`: what the path is called in the stream; "": it stands for itself. */
  | { kind: 'pack'; view: View; path: string; name: string; follow: boolean }
  /**
   * `confined`: no link below the directory is followed. `archive`: links lead as if the directory were "/", and what is in the way is replaced.
   * `top`: the directory itself gets what the stream says of it.
   */
  | { kind: 'unpack'; view: View; directory: string; owners: boolean; confined: boolean; archive?: boolean; top?: boolean }
  | { kind: 'changes'; changes: ChangesPlan }

/** Whose files are worked on; `native/runtime/view.h`. */
export type View =
  | { kind: 'host' }
  | { kind: 'directory'; path: string }
  | { kind: 'rootfs'; rootfs: RootfsPlan; mounts: MountPlan[]; readonly: boolean }
  /** A container that runs, with what is mounted in it, or its root file system alone. */
  | { kind: 'process' | 'process-root'; pid: number; startTime: number }

/** A tree, and the layers that it began as. */
export interface ChangesPlan {
  /** The upper directory of an overlay; `merged`: a whole tree. */
  directory: string
  merged: boolean
  /** Files `.wh.NAME` hide NAME. */
  whiteoutFiles: boolean
  /** Folders of layers, topmost first. */
  lower: string[]
  /** Absolute paths in the container on which the runtime itself mounts something. */
  own: string[]
  /** `layer`: entries, and the directory is made what a layer of them would be, and synced. */
  output: 'entries' | 'names' | 'count' | 'layer'
}

/** `lichen-runtime unshare`: work on the store under the container's id map. */
export interface UnsharePlan {
  verb: 'unshare'
  identity: Identity
  operation: UnshareOperation
}

export type Plan = RunPlan | ExecPlan | UnsharePlan
