import type { ImageConfig } from '../image/manifest.ts'
import type { CreateOptions } from '../plan/options.ts'

/**
 * A container as it was created: `containers/<id>/container.json`. Written once, replaced only by rename
 * (rename, update). What happens to it later is in the live and exit records that the monitor writes.
 */
export interface ContainerRecord {
  version: 1
  /** 64 hex digits. */
  id: string
  name: string
  /** A name that is taken for it, or not given back yet: of a renaming that was killed. */
  otherName?: string
  /** RFC 3339, UTC, nanoseconds as Docker prints them. */
  created: string
  image: {
    /** sha256:<hex> of the image's config; "" with --rootfs. */
    id: string
    /** As the user wrote it; with --rootfs the absolute path of the folder. */
    reference: string
    config: ImageConfig
    /** diffIDs, bottom first. */
    layers: string[]
  }
  /** The driver that mounts the root file system; fixed at creation. */
  storageDriver: 'overlay' | 'fuse-overlayfs' | 'vfs'
  options: CreateOptions
  /** Host ports that were chosen for those that had none. */
  ports: { hostIp: string; hostPort: number; containerPort: number; protocol: 'tcp' | 'udp' }[]
  /** What is mounted from outside: -v, --mount, and the image's VOLUMEs. */
  mounts: VolumeMount[]
}

/** A bind mount or a volume with its place on the host, or an image. */
export interface VolumeMount {
  type: 'bind' | 'volume' | 'image'
  /** Volume name; "" for a bind mount and an image. */
  name: string
  /** Made for this container only, and removed with it. */
  anonymous: boolean
  /** Absolute host path; of an image, its name as the user wrote it. */
  source: string
  target: string
  readOnly: boolean
  options: string[]
  /** bind: a source that is missing at a start is made. */
  createSource?: boolean
  /** volume: how it is made where there is none. */
  volume?: { labels: Record<string, string>; options: Record<string, string> }
  /** image: its id, and diffIDs, bottom first. */
  image?: { id: string; layers: string[] }
}

/** `live` record, written by the monitor as JSON when the process has started. In the run folder: gone after a reboot. */
export interface LiveRecord {
  pid: number
  /** Field 22 of /proc/PID/stat. */
  startTime: number
  monitorPid: number
  monitorStartTime: number
  /** RFC 3339. */
  startedAt: string
  /** Absolute path of the container's cgroup, or "". */
  cgroup: string
  /** How often the monitor has started it again, or is about to. */
  restarts: number
  /** It has ended, and will be started again in a while: `pid` is 0. */
  restarting: boolean
  /** The end before this start; null at the first. */
  last: ExitRecord | null
}

/** `exit` record, written by the monitor as JSON in the container's folder; removed by the next start. */
export interface ExitRecord {
  exitCode: number
  oomKilled: boolean
  startedAt: string
  finishedAt: string
  /** "" or why it never started. */
  error: string
  /** How often it had been started again by then. */
  restarts?: number
  /** Somebody ended it: `stop` or `kill`. */
  stopped?: boolean
  /** Of a log in the journal: which entries were this monitor's, and the number of the last one, 0 for none. */
  log?: { epoch: string; last: number }
}

/** `health` record, written by the monitor as JSON: Docker's `State.Health`. */
export interface HealthRecord {
  Status: 'starting' | 'healthy' | 'unhealthy'
  FailingStreak: number
  /** The last five. */
  Log: { Start: string; End: string; ExitCode: number; Output: string }[]
}

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead'
