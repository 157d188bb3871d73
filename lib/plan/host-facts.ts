/** What a plan needs to know of the host. Collected by the engine, so that everything in plan/ stays pure. */
export interface HostFacts {
  hostname: string
  /** As Node says it: x64, arm64, ... */
  architecture: string
  /** `uname -r`. */
  kernelRelease: string
  /** RLIMIT_NOFILE and kin -> this user's hard limit; 2n ** 64n - 1n is unlimited. */
  hardLimits: Record<string, bigint>
  /** Absolute paths below /dev that exist and that this user may open. */
  devices: string[]
  cgroupVersion: 1 | 2
  /** Highest id inside the container that is mapped: the last one of the gid map. */
  maxMappedGid: number
  /** cpuN/thermal_throttle folders below /sys/devices/system/cpu. */
  thermalThrottle: string[]
}
