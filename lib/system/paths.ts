/** Every place on disk, from the two roots. No I/O. */
export interface Paths {
  /** Data root: images, layers, volumes, containers. 0700. */
  data: string
  /** Run root: sockets, locks, live records; gone after logout or reboot. 0700. */
  run: string
}

export const blobsDir = (paths: Paths) => `${paths.data}/blobs/sha256`
export const imagesDir = (paths: Paths) => `${paths.data}/images`
export const referencesDir = (paths: Paths) => `${paths.data}/references`
export const layersDir = (paths: Paths) => `${paths.data}/layers`
/** Unpacked layer: `diff` is the lowerdir. `diffId` is sha256:<hex>. */
export const layerDiff = (paths: Paths, diffId: string) => `${layersDir(paths)}/${diffId.slice('sha256:'.length)}/diff`
export const volumesDir = (paths: Paths) => `${paths.data}/volumes`
export const secretsDir = (paths: Paths) => `${paths.data}/secrets`
export const temporaryDir = (paths: Paths) => `${paths.data}/tmp`
export const containersDir = (paths: Paths) => `${paths.data}/containers`
/** Where `image mount` mounts, in a file system that only the mount namespace of one `lichen unshare` has there. */
export const mountsDir = (paths: Paths) => `${paths.run}/mounts`
/** Locks of builds that run. */
export const buildSessionsDir = (paths: Paths) => `${paths.run}/builds`
/** What `lichen events` reads; native/runtime/events.c writes to it as well. */
export const eventsLog = (paths: Paths) => `${paths.data}/events.log`
export const namesDir = (paths: Paths) => `${paths.data}/names`

/** Files of one container. */
export interface ContainerPaths {
  dir: string
  record: string
  /** OCI runtime specification. */
  spec: string
  exit: string
  log: string
  upper: string
  work: string
  merged: string
  hosts: string
  hostname: string
  resolvConf: string
  runDir: string
  /** Held by the monitor while the container runs. */
  lock: string
  /** Held by a command while it changes the container's state. */
  mutex: string
  live: string
  /** `State.Health` of inspect, written by the monitor. */
  health: string
  /** What has been changed since the monitor was started, for it to look at. */
  amendment: string
  attachSocket: string
  /** The one of all containers. */
  events: string
  apiSocket: string
}

export function containerPaths(paths: Paths, id: string): ContainerPaths {
  const dir = `${containersDir(paths)}/${id}`
  // Unix socket paths end at 108 bytes: the run folder uses the short id.
  const runDir = `${paths.run}/c/${id.slice(0, 12)}`
  return {
    dir,
    record: `${dir}/container.json`,
    spec: `${dir}/config.json`,
    exit: `${dir}/exit.json`,
    log: `${dir}/${id}-json.log`,
    upper: `${dir}/upper`,
    work: `${dir}/work`,
    merged: `${dir}/merged`,
    hosts: `${dir}/hosts`,
    hostname: `${dir}/hostname`,
    resolvConf: `${dir}/resolv.conf`,
    runDir,
    lock: `${runDir}/lock`,
    mutex: `${runDir}/mutex`,
    live: `${runDir}/live.json`,
    health: `${runDir}/health.json`,
    events: eventsLog(paths),
    amendment: `${runDir}/amendment`,
    attachSocket: `${runDir}/attach`,
    apiSocket: `${runDir}/slirp`,
  }
}
