/** What a plan needs to know of the host. Collected by the engine, so that everything in plan/ stays pure. */
export interface HostFacts {
  hostname: string
  /** As Node says it: x64, arm64, ... */
  architecture: string
  /** `uname -r`. */
  kernelRelease: string
  /** NOFILE and kin -> this user's hard limit; 2n ** 64n - 1n is unlimited. */
  hardLimits: Record<string, bigint>
  /** Of the paths that `--device` names, those that exist and that this user may open; with --privileged, all there are. */
  devices: string[]
  /** What is mounted at /sys/fs/cgroup. */
  cgroupVersion: 1 | 2
  /** cpuN/thermal_throttle folders below /sys/devices/system/cpu. */
  thermalThrottle: string[]
}
