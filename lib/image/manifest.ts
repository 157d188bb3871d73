/** The parts of the OCI image specification that lichen reads; Docker's schema 2 has the same shape. */

export interface Descriptor {
  mediaType: string
  /** algorithm:hex */
  digest: string
  /** Bytes. */
  size: number
  platform?: Platform
  annotations?: Record<string, string>
  urls?: string[]
}

export interface Platform {
  os: string
  architecture: string
  variant?: string
}

/** `config` of an image's configuration blob. */
export interface ImageConfig {
  User?: string
  ExposedPorts?: Record<string, object>
  Env?: string[]
  Entrypoint?: string[] | null
  Cmd?: string[] | null
  Volumes?: Record<string, object>
  WorkingDir?: string
  Labels?: Record<string, string>
  StopSignal?: string
  Healthcheck?: { Test?: string[]; Interval?: number; Timeout?: number; StartPeriod?: number; StartInterval?: number; Retries?: number }
  Shell?: string[]
  OnBuild?: string[]
  ArgsEscaped?: boolean
}

export interface HistoryEntry {
  created?: string
  created_by?: string
  comment?: string
  author?: string
  empty_layer?: boolean
}

/** The configuration blob whose digest is the image's id. */
export interface ImageConfiguration {
  created?: string
  author?: string
  os: string
  architecture: string
  variant?: string
  config?: ImageConfig
  rootfs: { type: 'layers'; diff_ids: string[] }
  history?: HistoryEntry[]
}

export interface Manifest {
  schemaVersion: 2
  mediaType?: string
  config: Descriptor
  layers: Descriptor[]
  annotations?: Record<string, string>
}

export interface ImageIndex {
  schemaVersion: 2
  mediaType?: string
  manifests: Descriptor[]
  annotations?: Record<string, string>
}
