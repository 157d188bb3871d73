import type { HostFacts } from './host-facts.ts'
import type { CreateOptions } from './options.ts'
import type { Identity } from './plan.ts'

/** What a specification is built from: everything decided, nothing looked up. */
export interface SpecInput {
  /** 64 hex digits. */
  id: string
  options: CreateOptions
  image: ImageDefaults
  /** Bind mounts and volumes, with their places on the host. */
  mounts: SourceMount[]
  identity: Identity
  /** Who the process is where neither `--user` nor the image says it: the user with keep-id, else "". */
  defaultUser: string
  host: HostFacts
  hostname: string
  /** Where the root file system will be. */
  rootfs: string
  /** The host's network, not one of its own or of another container. */
  hostNetwork: boolean
  /** Namespaces of other containers, and the user namespace that owns them; undefined: none. */
  join: JoinedNamespaces | undefined
  /** Written for this container, bound over its own. */
  files: { hosts: string; hostname: string; resolvConf: string }
  /** `default-ulimits` of the configuration. */
  defaultUlimits: CreateOptions['ulimits']
}

/** The fields of an image's configuration that a container starts with. */
export interface ImageDefaults {
  Entrypoint?: string[] | null
  Cmd?: string[] | null
  Env?: string[] | null
  WorkingDir?: string
  User?: string
}

export interface SourceMount {
  /** tmpfs: a volume that is one, anew for each start. */
  type: 'bind' | 'volume' | 'tmpfs' | 'image'
  source: string
  target: string
  readOnly: boolean
  options: string[]
  /** A missing source is made, as `-v` does and `--mount` does not. */
  createSource?: boolean
  /** image: folders that the kernel is to show as one tree, topmost first; `source` is where it keeps what it needs for that. Absent: `source` is that tree. */
  layers?: string[]
}

/** Paths of namespace files. */
export interface JoinedNamespaces {
  user: string
  network?: string
  pid?: string
  ipc?: string
  uts?: string
  cgroup?: string
  /** /dev/shm of the container whose IPC namespace is joined. */
  shm?: string
}
