import { LichenError } from '../system/errors.ts'
import { readdir, readFile, rmdir, writeFile } from '../system/small-files.ts'

/** Stops every process of a container's cgroup, and returns when the last one stands. False: it is gone. Throws NO_CGROUP, FREEZE_FAILED. */
export const freeze = (path: string): Promise<boolean> => setFrozen(path, true)

/** Lets them go on. False: it is gone. */
export const thaw = (path: string): Promise<boolean> => setFrozen(path, false)

async function setFrozen(path: string, wanted: boolean): Promise<boolean> {
  requireCgroup(path, 'paused')
  try {
    // No O_CREAT, whose answer for a cgroup that is gone says nothing.
    await writeFile(`${path}/cgroup.freeze`, wanted ? '1' : '0', { flag: 'r+' })
    const end = performance.now() + 10_000
    // cgroup.events can be polled for changes, but neither Node nor Bun can poll(2) it; naps then.
    for (let nap = 1; ; nap = Math.min(nap * 2, 50)) {
      const events = await readFile(`${path}/cgroup.events`, 'utf8')
      if (/^frozen 1$/m.test(events) === wanted) return true
      if (performance.now() > end) break
      await new Promise((resolve) => setTimeout(resolve, nap))
    }
    if (wanted) await writeFile(`${path}/cgroup.freeze`, '0', { flag: 'r+' })
  } catch (error) {
    // A removed cgroup whose file is open answers ENODEV.
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
  throw new LichenError(`the processes of ${path} could not be ${wanted ? 'frozen' : 'thawed'} in 10 s`, {
    code: 'FREEZE_FAILED',
    hint: 'a process in an uninterruptible wait (state D, often a file server that is away) can not be frozen',
  })
}

/** SIGKILL for everything in it, at once and without a race against fork (Linux 5.14). False: this kernel can't. */
export async function killAll(path: string): Promise<boolean> {
  requireCgroup(path, 'killed as a whole')
  try {
    // No O_CREAT: an older kernel has no such file, and its EACCES would say nothing.
    await writeFile(`${path}/cgroup.kill`, '1', { flag: 'r+' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Removes a cgroup that nobody looks after any more, with whatever is in it and below it. What resists stays. */
export async function removeCgroup(path: string): Promise<void> {
  for (let nap = 1; nap < 500; nap *= 2) {
    try {
      await rmdir(path)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    }
    await killAll(path)
    for (const child of await children(path)) await removeCgroup(child)
    await new Promise((resolve) => setTimeout(resolve, nap))
  }
}

const children = async (path: string) =>
  (await readdir(path, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory()).map(({ name }) => `${path}/${name}`)

export interface CgroupUsage {
  /** Bytes; undefined where the controller is not there. */
  memory: number | undefined
  /** Bytes of file cache that can be given back at once; Docker's MEM USAGE leaves them out. */
  inactiveFile: number | undefined
  /** Bytes; undefined: no limit. */
  memoryLimit: number | undefined
  cpuMicroseconds: number | undefined
  pids: number | undefined
  pidsLimit: number | undefined
  /** Bytes, of all devices. */
  blockRead: number | undefined
  blockWritten: number | undefined
}

export async function usage(path: string): Promise<CgroupUsage> {
  requireCgroup(path, 'measured')
  const read = (file: string) => readFile(`${path}/${file}`, 'utf8').catch(() => undefined)
  const [memory, memoryStat, memoryMax, cpuStat, pids, pidsMax, io] = await Promise.all(
    ['memory.current', 'memory.stat', 'memory.max', 'cpu.stat', 'pids.current', 'pids.max', 'io.stat'].map(read),
  )
  return {
    memory: number(memory),
    inactiveFile: number(/^inactive_file (\d+)$/m.exec(memoryStat ?? '')?.[1]),
    memoryLimit: number(memoryMax),
    cpuMicroseconds: number(/^usage_usec (\d+)$/m.exec(cpuStat ?? '')?.[1]),
    pids: number(pids),
    pidsLimit: number(pidsMax),
    blockRead: io === undefined ? undefined : sum(io, /\brbytes=(\d+)/g),
    blockWritten: io === undefined ? undefined : sum(io, /\bwbytes=(\d+)/g),
  }
}

const number = (text: string | undefined) => (text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined)

const sum = (text: string, what: RegExp) => [...text.matchAll(what)].reduce((total, [, value]) => total + Number(value), 0)

/** Host pids of the processes in a container's cgroup, and in those that it has made below. */
export async function processes(path: string): Promise<number[]> {
  requireCgroup(path, 'listed')
  return (await below(path)).sort((a, b) => a - b)
}

async function below(path: string): Promise<number[]> {
  // Gone, or a threaded cgroup, whose processes are told by the one above.
  const [text, inside] = await Promise.all([readFile(`${path}/cgroup.procs`, 'utf8').catch(() => ''), children(path)])
  const own = text.split('\n').filter((line) => line !== '')
  const deeper = await Promise.all(inside.map(below))
  return [...own.map(Number), ...deeper.flat()]
}

function requireCgroup(path: string, what: string): void {
  if (path !== '') return
  throw new LichenError(`the container has no cgroup of its own, so it can't be ${what}`, {
    code: 'NO_CGROUP',
    hint: 'containers get one where cgroup version 2 is delegated to you (a systemd login session, or --cgroup-parent)',
  })
}
