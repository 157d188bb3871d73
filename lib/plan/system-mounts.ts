import type { OciMount } from './spec.ts'
import type { SpecInput } from './spec-input.ts'

/** Docker's. */
const DEFAULT_SHM = 64 * 1024 ** 2

const guarded = ['nosuid', 'noexec', 'nodev']

/**
 * /proc, /dev, /sys and what is below them, as Docker has them. A namespace that is the host's comes with its file system from
 * the host, bound: only the owner of a namespace may mount anew.
 */
export function systemMounts(input: SpecInput): OciMount[] {
  return [procMount(input), ...devMounts(input), ...sysMounts(input)]
}

function procMount({ options }: SpecInput): OciMount {
  if (options.pid === 'host') return bound('/proc', guarded)
  return { destination: '/proc', type: 'proc', source: 'proc', options: guarded }
}

function devMounts(input: SpecInput): OciMount[] {
  const { options, identity } = input
  // gid 5 is tty's; a container without that id leaves terminals with their users' group.
  const tty = identity.gidMappings.some(({ container, size }) => container <= 5 && 5 < container + size) ? ['gid=5'] : []
  const mounts: OciMount[] = [
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...tty] },
  ]
  if (options.ipc === 'host') return [...mounts, { ...bound('/dev/mqueue', [...guarded, 'nofail']) }, bound('/dev/shm', guarded)]
  mounts.push({ destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: guarded })
  if (input.join?.shm !== undefined) mounts.push({ destination: '/dev/shm', type: 'bind', source: input.join.shm, options: ['bind', 'rprivate', ...guarded] })
  else if (options.ipc !== 'none')
    mounts.push({ destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...guarded, 'mode=1777', `size=${options.shmSize ?? DEFAULT_SHM}`] })
  return mounts
}

function sysMounts({ options, host, hostNetwork }: SpecInput): OciMount[] {
  const sys: OciMount = hostNetwork ? bound('/sys', [...guarded, 'rro']) : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...guarded, 'ro'] }
  if (options.cgroupns === 'host') return [sys, bound('/sys/fs/cgroup', [...guarded, 'rro'])]
  // Hierarchies of version 1 belong to the host: nothing of them is shown.
  if (host.cgroupVersion === 1) return [sys]
  return [sys, { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...guarded, 'ro'] }]
}

const bound = (path: string, options: string[]): OciMount => ({ destination: path, type: 'bind', source: path, options: ['rbind', 'rprivate', ...options] })
