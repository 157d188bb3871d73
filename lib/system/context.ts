import type { Paths } from './paths.ts'

/** What every stage of a command gets: where things are and what the configuration says. */
export interface Context {
  paths: Paths
  config: Config
  /** Absolute path of the native runtime. */
  runtime: string
}

/** `config.json` of the user over that of the machine; Docker's keys where daemon.json has one. */
export interface Config {
  'data-root'?: string
  'storage-driver'?: 'overlay' | 'fuse-overlayfs' | 'vfs'
  'storage-opts'?: string[]
  'insecure-registries'?: string[]
  'registry-mirrors'?: string[]
  'log-driver'?: string
  'log-opts'?: Record<string, string>
  'default-ulimits'?: Record<string, { Name: string; Soft: number; Hard: number }>
  'default-shm-size'?: string
  'default-runtime'?: string
  dns?: string[]
  'dns-search'?: string[]
  'dns-opts'?: string[]
  init?: boolean
  /** What belongs to ids that the user does not have is unpacked as nobody's. */
  'squash-ids'?: boolean
  debug?: boolean
}
