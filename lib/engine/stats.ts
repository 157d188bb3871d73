import { readFile } from 'node:fs/promises'
import { usage } from '../cgroup/control.ts'
import type { LiveRecord } from '../container/record.ts'
import { processStat, residentBytes, TICKS } from '../system/proc.ts'
import { pidsOf } from './processes.ts'

/** What a container has used up to one moment, and what it uses. */
export interface Sample {
  /** Milliseconds of performance.now(). */
  at: number
  cpuMicroseconds: number
  memory: number
  memoryLimit: number
  received: number
  sent: number
  blockRead: number
  blockWritten: number
  /** Processes and their threads, as the cgroup counts. */
  pids: number
}

/** Undefined: it has ended. Where the cgroup does not know, or there is none, the sum of what /proc says of the processes. */
export async function sample(live: LiveRecord): Promise<Sample | undefined> {
  const [cgroup, network, most] = await Promise.all([live.cgroup === '' ? undefined : usage(live.cgroup), networkBytes(live.pid), memoryOfHost()])
  if (network === undefined) return undefined
  const complete = cgroup?.memory !== undefined && cgroup.pids !== undefined && cgroup.cpuMicroseconds !== undefined && cgroup.blockRead !== undefined
  const sums = complete ? undefined : await summedUp(await pidsOf(live))
  return {
    at: performance.now(),
    cpuMicroseconds: cgroup?.cpuMicroseconds ?? sums?.cpuMicroseconds ?? 0,
    memory: cgroup?.memory === undefined ? (sums?.memory ?? 0) : Math.max(0, cgroup.memory - (cgroup.inactiveFile ?? 0)),
    memoryLimit: Math.min(cgroup?.memoryLimit ?? most, most),
    ...network,
    blockRead: cgroup?.blockRead ?? sums?.blockRead ?? 0,
    blockWritten: cgroup?.blockWritten ?? sums?.blockWritten ?? 0,
    pids: cgroup?.pids ?? sums?.pids ?? 0,
  }
}

/** Children that have been waited for are in their parent's figures; who was killed before that is lost. */
async function summedUp(pids: readonly number[]): Promise<Pick<Sample, 'cpuMicroseconds' | 'memory' | 'blockRead' | 'blockWritten' | 'pids'>> {
  const sums = { cpuMicroseconds: 0, memory: 0, blockRead: 0, blockWritten: 0, pids: 0 }
  await Promise.all(
    pids.map(async (pid) => {
      const [stat, shared, io] = await Promise.all([processStat(pid), proportionalBytes(pid), readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')])
      if (stat === undefined) return
      sums.cpuMicroseconds += ((stat.cpuTicks + stat.childrenTicks) * 1e6) / TICKS
      sums.memory += shared ?? residentBytes(stat)
      sums.blockRead += Number(/^read_bytes: (\d+)$/m.exec(io)?.[1] ?? 0)
      sums.blockWritten += Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? 0)
      sums.pids += stat.threads
    }),
  )
  return sums
}

/** Memory that processes share is divided among them; undefined where this can't be looked at. */
async function proportionalBytes(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}

/** Of the process's network namespace, all but the loopback; undefined: it has ended. */
async function networkBytes(pid: number): Promise<Pick<Sample, 'received' | 'sent'> | undefined> {
  const [text, own] = await Promise.all([`/proc/${pid}/net/dev`, '/proc/self/net/dev'].map((path) => readFile(path, 'utf8').catch(() => undefined)))
  if (text === undefined) return undefined
  return text === own ? { received: 0, sent: 0 } : parseNetDev(text)
}

export function parseNetDev(text: string): Pick<Sample, 'received' | 'sent'> {
  const sums = { received: 0, sent: 0 }
  for (const line of text.split('\n')) {
    const [, name, rest = ''] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? []
    if (name === undefined || name === 'lo') continue
    const fields = rest.split(/\s+/).map(Number)
    sums.received += fields[0] ?? 0
    sums.sent += fields[8] ?? 0
  }
  return sums
}

async function memoryOfHost(): Promise<number> {
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]
  return Number(kib) * 1024
}
