import { TICKS } from '../system/proc.ts'

/** What a column is made of. */
export interface TopProcess {
  pid: number
  ppid: number
  pgid: number
  innerPid: number
  innerParent: number
  comm: string
  args: readonly string[]
  state: string
  tty: number
  cpuTicks: number
  startTicks: number
  nice: number
  virtualBytes: number
  residentBytes: number
  user: string
  group: string
  realUser: string
  realGroup: string
  hostUser: string
}

export interface TopClock {
  now: number
  /** Both in milliseconds of the epoch. */
  boot: number
}

type Cell = (process: TopProcess, clock: TopClock) => string | number

/** podman's words for columns, with what stands above them. */
const columns: Readonly<Record<string, readonly [head: string, cell: Cell]>> = {
  args: ['COMMAND', (process) => commandOf(process)],
  comm: ['COMMAND', ({ comm }) => comm],
  etime: ['ELAPSED', (process, clock) => elapsed(runningFor(process, clock))],
  group: ['GROUP', ({ group }) => group],
  hpid: ['HPID', ({ pid }) => pid],
  huser: ['HUSER', ({ hostUser }) => hostUser],
  nice: ['NI', ({ nice }) => nice],
  pcpu: ['%CPU', (process, clock) => cpuShare(process, clock).toFixed(1)],
  pgid: ['PGID', ({ pgid }) => pgid],
  pid: ['PID', ({ innerPid }) => innerPid],
  ppid: ['PPID', ({ innerParent }) => innerParent],
  rgroup: ['RGROUP', ({ realGroup }) => realGroup],
  rss: ['RSS', ({ residentBytes }) => Math.round(residentBytes / 1024)],
  ruser: ['RUSER', ({ realUser }) => realUser],
  state: ['STATE', ({ state }) => state],
  stime: ['STIME', (process, clock) => startedAt(process, clock)],
  time: ['TIME', ({ cpuTicks }) => cpuTime(cpuTicks)],
  tty: ['TTY', ({ tty }) => terminalName(tty)],
  user: ['USER', ({ user }) => user],
  vsz: ['VSZ', ({ virtualBytes }) => Math.round(virtualBytes / 1024)],
}

/** The columns of `ps -ef`: pids are the host's, users are the container's. */
const full: readonly (readonly [head: string, cell: Cell])[] = [
  ['UID', ({ user }) => user],
  ['PID', ({ pid }) => pid],
  ['PPID', ({ ppid }) => ppid],
  ['C', (process, clock) => Math.min(99, Math.trunc(cpuShare(process, clock)))],
  ['STIME', (process, clock) => startedAt(process, clock)],
  ['TTY', ({ tty }) => terminalName(tty)],
  ['TIME', ({ cpuTicks }) => cpuTime(cpuTicks)],
  ['CMD', (process) => commandOf(process)],
]

export const topDescriptors = Object.keys(columns)

/** podman's columns that the words name; undefined where they are something else: options of ps. */
export function namedColumns(words: readonly string[]): string[] | undefined {
  const names = words.flatMap((word) => word.split(','))
  return words.length > 0 && names.every((name) => Object.hasOwn(columns, name)) ? names : undefined
}

/** Rows of cells, the heads first; without names those of `ps -ef`. */
export function topTable(processes: readonly TopProcess[], names: readonly string[] | undefined, clock: TopClock): string[][] {
  const chosen = names === undefined ? full : names.map((name) => columns[name]!)
  return [chosen.map(([head]) => head), ...processes.map((process) => chosen.map(([, cell]) => String(cell(process, clock))))]
}

/** As ps: a process without a command line is shown by its name. */
const commandOf = ({ args, comm }: TopProcess) => (args.length === 0 ? `[${comm}]` : args.join(' '))

const startOf = ({ startTicks }: TopProcess, { boot }: TopClock) => boot + (startTicks * 1000) / TICKS

/** Seconds. */
const runningFor = (process: TopProcess, clock: TopClock) => Math.max(0, (clock.now - startOf(process, clock)) / 1000)

const cpuShare = (process: TopProcess, clock: TopClock) => (100 * process.cpuTicks) / TICKS / Math.max(1, runningFor(process, clock))

/** "14:05" of today, "Nov24" of this year, "2025". */
function startedAt(process: TopProcess, clock: TopClock): string {
  const [start, now] = [new Date(startOf(process, clock)), new Date(clock.now)]
  if (start.getFullYear() !== now.getFullYear()) return String(start.getFullYear())
  if (start.getMonth() === now.getMonth() && start.getDate() === now.getDate()) return `${two(start.getHours())}:${two(start.getMinutes())}`
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][start.getMonth()]
  return `${month}${two(start.getDate())}`
}

const two = (value: number) => String(value).padStart(2, '0')

/** [DD-]hh:mm:ss */
function cpuTime(ticks: number): string {
  const seconds = Math.trunc(ticks / TICKS)
  const days = Math.trunc(seconds / 86_400)
  return `${days === 0 ? '' : `${days}-`}${two(Math.trunc(seconds / 3600) % 24)}:${two(Math.trunc(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** [[DD-]hh:]mm:ss */
const elapsed = (seconds: number) => cpuTime(Math.trunc(seconds) * TICKS).replace(/^00:/, '')

/** Terminals that a program is likely to have (admin-guide/devices.txt). */
function terminalName(device: number): string {
  const major = (device >> 8) & 0xfff
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00)
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`
  return '?'
}
