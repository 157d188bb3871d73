import type { HostFacts } from '../plan/host-facts.ts'
import type { CreateOptions } from '../plan/options.ts'
import { devicePaths } from '../plan/spec-devices.ts'
import { addon } from '../system/addon.ts'
import { constants } from '../system/fs.ts'
import { hostName, kernelRelease } from '../system/kernel.ts'
import { access, readdir, readFile, stat } from '../system/small-files.ts'

const CGROUP2_MAGIC = 0x63677270
const cpus = '/sys/devices/system/cpu'

/** Looked at afresh for every start: devices come and go, limits are the session's. */
export async function hostFacts(options: Pick<CreateOptions, 'devices' | 'privileged'>): Promise<HostFacts> {
  const [limits, named, all, thermalThrottle] = await Promise.all([
    readFile('/proc/self/limits', 'utf8'),
    usable(devicePaths(options)),
    options.privileged ? allDevices() : [],
    throttleFolders(),
  ])
  return {
    hostname: hostName(),
    architecture: process.arch,
    kernelRelease: kernelRelease(),
    hardLimits: parseLimits(limits),
    devices: [...new Set([...named, ...all])],
    cgroupVersion: cgroupVersion(),
    thermalThrottle,
  }
}

function cgroupVersion(): 1 | 2 {
  try {
    return addon.statfsType({ path: '/sys/fs/cgroup' }) === CGROUP2_MAGIC ? 2 : 1
  } catch {
    return 1
  }
}

// biome-ignore format: pairs
const names: Record<string, string> = {
  'cpu time': 'CPU', 'file size': 'FSIZE', 'data size': 'DATA', 'stack size': 'STACK', 'core file size': 'CORE', 'resident set': 'RSS', processes: 'NPROC',
  'open files': 'NOFILE', 'locked memory': 'MEMLOCK', 'address space': 'AS', 'file locks': 'LOCKS', 'pending signals': 'SIGPENDING', 'msgqueue size': 'MSGQUEUE',
  'nice priority': 'NICE', 'realtime priority': 'RTPRIO', 'realtime timeout': 'RTTIME',
}

/** Hard limits of /proc/PID/limits. */
export function parseLimits(text: string): Record<string, bigint> {
  const limits: Record<string, bigint> = {}
  for (const line of text.split('\n')) {
    const [, words = '', hard = ''] = /^Max (\S+(?: \S+)*)\s+\S+\s+(\d+|unlimited)/.exec(line) ?? []
    const name = names[words]
    if (name !== undefined) limits[name] = hard === 'unlimited' ? 2n ** 64n - 1n : BigInt(hard)
  }
  return limits
}

async function usable(paths: string[]): Promise<string[]> {
  const mayOpen = (path: string, mode: number) =>
    access(path, mode).then(
      () => true,
      () => false,
    )
  const found = await Promise.all(paths.map(async (path) => (await mayOpen(path, constants.R_OK)) || (await mayOpen(path, constants.W_OK))))
  return paths.filter((_, at) => found[at])
}

/** What a container has of its own, or what would be another one's: terminals, message queues, shared memory. */
const notDevices = new Set(['pts', 'ptmx', 'shm', 'mqueue', 'hugepages', 'console', 'fd', 'stdin', 'stdout', 'stderr', 'core', 'log', 'initctl'])

async function allDevices(folder = '/dev'): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const paths = entries.filter(({ name }) => folder !== '/dev' || !notDevices.has(name)).map((entry) => ({ entry, path: `${folder}/${entry.name}` }))
  const nodes = paths.filter(({ entry }) => entry.isCharacterDevice() || entry.isBlockDevice()).map(({ path }) => path)
  const below = paths.filter(({ entry }) => entry.isDirectory()).map(({ path }) => allDevices(path))
  return [...(await forContainers(nodes)), ...(await Promise.all(below)).flat()]
}

/** The ids of root's containers are nobody's, and may open what everybody may. */
async function forContainers(nodes: string[]): Promise<string[]> {
  if (process.geteuid?.() !== 0) return usable(nodes)
  const open = await Promise.all(nodes.map((path) => stat(path).then(({ mode }) => (mode & 0o006) !== 0)))
  return nodes.filter((_, at) => open[at])
}

/** Where one processor has the folder, all have: what is not there is not masked. */
async function throttleFolders(): Promise<string[]> {
  const there = await access(`${cpus}/cpu0/thermal_throttle`).then(
    () => true,
    () => false,
  )
  if (!there) return []
  return (await readdir(cpus)).filter((name) => /^cpu\d+$/.test(name)).map((name) => `${cpus}/${name}/thermal_throttle`)
}
