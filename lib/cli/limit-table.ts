import { optionTable } from './options.ts'

const text = { type: 'string', metavar: 'string' } as const
const number = { type: 'number', metavar: 'int' } as const

/** Limits of `run`, `create` and `update`. */
export const limitTable = optionTable({
  'blkio-weight': { ...number, metavar: 'uint16', description: 'Block IO (relative weight), between 10 and 1000' },
  'cpu-period': { ...number, description: 'Limit CPU CFS (Completely Fair Scheduler) period, in microseconds' },
  'cpu-quota': { ...number, description: 'Limit CPU CFS (Completely Fair Scheduler) quota, in microseconds' },
  'cpu-shares': { ...number, short: 'c', description: 'CPU shares (relative weight)' },
  cpus: { ...text, metavar: 'decimal', description: 'Number of CPUs' },
  'cpuset-cpus': { ...text, description: 'CPUs in which to run (0-3, 0,1)' },
  'cpuset-mems': { ...text, description: 'Memory nodes from which to take (0-3, 0,1)' },
  memory: { ...text, short: 'm', metavar: 'bytes', description: 'Memory limit' },
  'memory-reservation': { ...text, metavar: 'bytes', description: 'Memory soft limit' },
  'memory-swap': { ...text, metavar: 'bytes', description: 'Limit of memory plus swap; -1: unlimited swap' },
  'pids-limit': { ...number, description: 'Limit of processes; -1: unlimited' },
})
