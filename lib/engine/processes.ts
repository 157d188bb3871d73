import { closeSync, constants, fstatSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { processes } from '../cgroup/control.ts'
import type { LiveRecord } from '../container/record.ts'
import { addon } from '../system/addon.ts'
import { readSome } from '../system/descriptors.ts'
import { type ProcessStat, processArguments, processesAround, processStat, processStatus } from '../system/proc.ts'

/** More than any list of users that a person keeps; what is bigger was made to be read in vain. */
const MOST_BYTES = 1024 * 1024

/** A process of a container, as the host sees it, with what the container makes of it. */
export interface ContainerProcess extends ProcessStat {
  args: string[]
  /** In the container's own pid namespace. */
  innerPid: number
  /** 0: its parent is no process of the container. */
  innerParent: number
  hostUid: number
  /** Real and effective ids as the container counts; undefined where it has none for it. */
  uid: number | undefined
  gid: number | undefined
  realUid: number | undefined
  realGid: number | undefined
}

/** Host pids of a running container's processes: those of its cgroup, or, where it has none, what is found in its mount namespace. */
export const pidsOf = ({ cgroup, pid }: LiveRecord): Promise<number[]> => (cgroup === '' ? processesAround(pid) : processes(cgroup))

/** All that can still be looked at, by host pid. */
export async function processesOf(live: LiveRecord): Promise<ContainerProcess[]> {
  const [pids, uids, gids, ownLevel] = await Promise.all([
    pidsOf(live),
    idMap(`/proc/${live.pid}/uid_map`),
    idMap(`/proc/${live.pid}/gid_map`),
    processStatus(live.pid).then((status) => words(status['NSpid']).length - 1),
  ])
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [stat, status, args] = await Promise.all([processStat(pid), processStatus(pid), processArguments(pid)])
      if (stat === undefined) return undefined
      const [realUid = -1, hostUid = -1] = words(status['Uid'])
      const [realGid = -1, hostGid = -1] = words(status['Gid'])
      const innerPid = words(status['NSpid'])[ownLevel] ?? pid
      const ids = { uid: uids(hostUid), gid: gids(hostGid), realUid: uids(realUid), realGid: gids(realGid) }
      return { ...stat, args, innerPid, innerParent: 0, hostUid, ...ids }
    }),
  )
  const there = found.filter((process) => process !== undefined)
  const inner = new Map(there.map(({ pid, innerPid }) => [pid, innerPid]))
  return there.map((process) => ({ ...process, innerParent: inner.get(process.ppid) ?? 0 }))
}

const words = (text = '') => text.split(/\s+/).map(Number)

/** From the host's ids to the container's. */
async function idMap(path: string): Promise<(host: number) => number | undefined> {
  const ranges = (await readFile(path, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => words(line.trim()))
  return (host) => {
    const range = ranges.find(([, outside = 0, size = 0]) => host >= outside && host < outside + size)
    return range === undefined ? undefined : range[0]! + host - range[1]!
  }
}

export interface Names {
  user(uid: number): string | undefined
  group(gid: number): string | undefined
}

/** Names from the container's own /etc/passwd and /etc/group. What is no small regular file there names nobody. */
export async function namesIn(live: LiveRecord): Promise<Names> {
  const [users, groups] = await Promise.all(['/etc/passwd', '/etc/group'].map((path) => idNames(live.pid, path)))
  return { user: (uid) => users?.get(uid), group: (gid) => groups?.get(gid) }
}

async function idNames(pid: number, path: string): Promise<Map<number, string>> {
  const names = new Map<number, string>()
  for (const line of (await smallFile(pid, path)).split('\n')) {
    const [name = '', , id = ''] = line.split(':')
    if (/^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}

async function smallFile(pid: number, path: string): Promise<string> {
  let fd: number
  try {
    // A pipe in the file's place must not make us wait for its other end.
    fd = addon.openInRoot({ root: `/proc/${pid}/root`, path, flags: constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY })
  } catch {
    return ''
  }
  try {
    const status = fstatSync(fd)
    if (!status.isFile() || status.size > MOST_BYTES) return ''
    const buffer = Buffer.alloc(status.size)
    return buffer.toString('utf8', 0, await readSome(fd, buffer))
  } finally {
    closeSync(fd)
  }
}
