import { addon } from '../system/addon.ts'
import { constants } from '../system/fs.ts'
import { access, readFile } from '../system/small-files.ts'

/** What the host lets this process do with cgroups. */
export interface CgroupFacts {
  /** unified: version 2 alone; hybrid: version 1 with a version 2 tree that has no controllers; none: nothing is mounted. */
  layout: 'unified' | 'hybrid' | 'v1' | 'none'
  /** Where version 2 is mounted; "" where it is not. */
  mount: string
  /** Our own cgroup as a path under the mount, "/user.slice/..."; undefined where it lies outside of the mount. */
  own: string | undefined
  /** memory.swap.max is there for cgroups with the memory controller. */
  swapAccounting: boolean
}

const CGROUP2_SUPER_MAGIC = 0x63677270

export async function cgroupFacts(): Promise<CgroupFacts> {
  const [membership, swapAccounting] = await Promise.all([readFile('/proc/self/cgroup', 'utf8').catch(() => ''), hasSwapAccounting()])
  const { layout, mount } = await findMount()
  return { layout, mount, own: ownCgroup(membership), swapAccounting }
}

async function findMount(): Promise<Pick<CgroupFacts, 'layout' | 'mount'>> {
  try {
    if (addon.statfsType({ path: '/sys/fs/cgroup' }) === CGROUP2_SUPER_MAGIC) return { layout: 'unified', mount: '/sys/fs/cgroup' }
  } catch {
    // Not there: mountinfo tells.
  }
  return parseMounts(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''))
}

/** Layout from the text of /proc/self/mountinfo. */
export function parseMounts(mountinfo: string): Pick<CgroupFacts, 'layout' | 'mount'> {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const type = after.split(' ')[0]
    return type === 'cgroup' || type === 'cgroup2' ? [{ type, point: before.split(' ')[4] ?? '' }] : []
  })
  const second = mounts.find(({ type }) => type === 'cgroup2')
  const first = mounts.some(({ type }) => type === 'cgroup')
  if (second === undefined) return { layout: first ? 'v1' : 'none', mount: '' }
  return { layout: first ? 'hybrid' : 'unified', mount: second.point }
}

/** The version 2 line of /proc/self/cgroup. */
export function ownCgroup(membership: string): string | undefined {
  const path = /^0::(\/.*)$/m.exec(membership)?.[1]
  // From inside a cgroup namespace, what lies above its root is shown as "/..".
  return path === undefined || path.startsWith('/..') ? undefined : path
}

async function hasSwapAccounting(): Promise<boolean> {
  const [swaps, commandLine] = await Promise.all(['/proc/swaps', '/proc/cmdline'].map((path) => readFile(path, 'utf8').catch(() => undefined)))
  return swaps !== undefined && !/\bswapaccount=0\b/.test(commandLine ?? '')
}

/** A cgroup in which we may make others. */
export interface WritableCgroup {
  /** Absolute. */
  path: string
  /** Controllers that its children can have. */
  available: string[]
  /** Those that its children have already. */
  enabled: string[]
  /** Version 2 enables controllers only where no process is, except in the root. */
  canEnable: boolean
}

/** undefined where the folder is not there or not ours to write. */
export async function writableCgroup(facts: CgroupFacts, path: string): Promise<WritableCgroup | undefined> {
  const files = ['', '/cgroup.procs', '/cgroup.subtree_control']
  try {
    await Promise.all(files.map((file) => access(`${path}${file}`, constants.W_OK)))
    const [available, enabled, processes] = await Promise.all(
      ['cgroup.controllers', 'cgroup.subtree_control', 'cgroup.procs'].map((file) => readFile(`${path}/${file}`, 'utf8')),
    )
    // cgroup.type is missing in the root of the hierarchy only; the root of a cgroup namespace has it.
    const root =
      path === facts.mount &&
      (await access(`${path}/cgroup.type`).then(
        () => false,
        () => true,
      ))
    return { path, available: words(available), enabled: words(enabled), canEnable: root || processes?.trim() === '' }
  } catch {
    return undefined
  }
}

/** Controllers that a cgroup has; undefined where it can't be read. */
export async function controllersOf(path: string): Promise<string[] | undefined> {
  return readFile(`${path}/cgroup.controllers`, 'utf8').then(words, () => undefined)
}

const words = (text = '') => text.split(/\s+/).filter((word) => word !== '')
