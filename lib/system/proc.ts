import { readdir, readFile, readlink } from 'node:fs/promises'

/** /proc/PID/stat (proc_pid_stat(5)); times in ticks, of which a second has 100 for every program that asks (USER_HZ). */
export interface ProcessStat {
  pid: number
  comm: string
  state: string
  ppid: number
  pgid: number
  /** Device number; 0: none. */
  tty: number
  cpuTicks: number
  /** Of children that it has waited for. */
  childrenTicks: number
  threads: number
  nice: number
  startTicks: number
  virtualBytes: number
  residentPages: number
}

export const TICKS = 100
const PAGE = 4096

/** undefined: it has ended. */
export async function processStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return parseStat(text)
}

/** The name of a program may hold blanks and brackets: the last bracket ends it. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(')
  const end = text.lastIndexOf(')')
  if (open === -1 || end === -1) return undefined
  const [state = '', ...rest] = text.slice(end + 2).split(' ')
  const field = (number: number) => Number(rest[number - 4])
  return {
    pid: Number.parseInt(text, 10),
    comm: text.slice(open + 1, end),
    state,
    ppid: field(4),
    pgid: field(5),
    tty: field(7),
    cpuTicks: field(14) + field(15),
    childrenTicks: field(16) + field(17),
    threads: field(20),
    nice: field(19),
    startTicks: field(22),
    virtualBytes: field(23),
    residentPages: field(24),
  }
}

export const residentBytes = ({ residentPages }: ProcessStat) => residentPages * PAGE

/** Fields of /proc/PID/status; none where it has ended. */
export async function processStatus(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const colon = line.indexOf(':')
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]]
    }),
  )
}

/** Words of the command line; none for a process of the kernel, or one that has ended. */
export async function processArguments(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text === '' ? [] : text.replace(/\0$/, '').split('\0')
}

/**
 * The process, those that are in its mount namespace, and what descends from any of them. A container has a mount namespace of its own
 * whatever else it shares; who makes another one inside is found through his parent.
 */
export async function processesAround(pid: number): Promise<number[]> {
  const own = await mountNamespace(pid)
  if (own === undefined) return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const seen = await Promise.all(pids.map(async (other) => ({ stat: await processStat(other), namespace: await mountNamespace(other) })))
  const children = new Map<number, number[]>()
  for (const { stat } of seen) if (stat !== undefined) children.set(stat.ppid, [...(children.get(stat.ppid) ?? []), stat.pid])
  const found = new Set<number>()
  const add = (member: number) => {
    if (found.has(member)) return
    found.add(member)
    for (const child of children.get(member) ?? []) add(child)
  }
  for (const { stat, namespace } of seen) if (stat !== undefined && namespace === own) add(stat.pid)
  return [...found].sort((a, b) => a - b)
}

const mountNamespace = (pid: number) => readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined)

/** Milliseconds of the epoch at which the machine was booted. */
export async function bootTime(): Promise<number> {
  const seconds = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8'))?.[1]
  return Number(seconds) * 1000
}
