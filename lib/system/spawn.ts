import { addon } from './addon.ts'
import { closeSync } from './fs.ts'

export { findProgram, requireProgram } from './programs.ts'

export interface SpawnInput {
  /** Absolute path, or a descriptor. See findProgram for names. */
  file: string | number
  /** With argv[0]. */
  argv: string[]
  /** undefined: ours. */
  env?: Record<string, string | undefined> | undefined
  /** [the child's, ours]: all that it gets; 0, 1 and 2 are /dev/null where not named. */
  fds?: [number, number][]
  /** A session of its own. */
  setsid?: boolean
  cwd?: string
}

export interface Spawned {
  pid: number
  /** Exit code, or 128+n for signal n, as a shell would say. Reaps; call it once, or never where nobody needs to know. */
  exited(): Promise<number>
}

/** The one place where programs are started. Throws what execve says: ENOENT, EACCES, ... */
export function spawn(input: SpawnInput): Spawned {
  const { file, argv, env = process.env, fds = [], setsid = false, cwd } = input
  const { pid, pidfd } = addon.spawn({
    file,
    argv,
    env: Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
    fds,
    setsid,
    ...(cwd === undefined ? {} : { cwd }),
  })
  // A child can't be reaped by anybody else, so its number stays its own until then and the pidfd adds nothing.
  if (pidfd !== undefined) closeSync(pidfd)
  return {
    pid,
    async exited() {
      const { code, signal } = await addon.waitPid({ pid })
      return code ?? 128 + (signal ?? 0)
    },
  }
}

export interface Captured {
  code: number
  stdout: string
  stderr: string
}

/** Runs a small helper to its end with what `stdin` says (default: nothing) and keeps its output. */
export async function capture(input: Omit<SpawnInput, 'fds'> & { stdin?: string | Uint8Array }): Promise<Captured> {
  const [outRead, outWrite] = addon.pipe({})
  const [errRead, errWrite] = addon.pipe({})
  const fds: [number, number][] = [
    [1, outWrite],
    [2, errWrite],
  ]
  // A sealed file never blocks the writer, as a pipe would.
  if (input.stdin !== undefined) fds.push([0, addon.sealedMemfd({ name: 'stdin', bytes: Buffer.from(input.stdin) })])
  let child: Spawned
  try {
    child = spawn({ ...input, fds })
  } catch (error) {
    for (const fd of [outRead, errRead]) closeSync(fd)
    throw error
  } finally {
    for (const [, fd] of fds) closeSync(fd)
  }
  const [stdout, stderr, code] = await Promise.all([drain(outRead), drain(errRead), child.exited()])
  return { code, stdout, stderr }
}

/** What comes until the end, as text; closes the descriptor. */
export async function drain(fd: number): Promise<string> {
  const parts: Buffer[] = []
  try {
    for (let part = await addon.readFd({ fd }); part !== null; part = await addon.readFd({ fd })) parts.push(part)
  } finally {
    closeSync(fd)
  }
  return Buffer.concat(parts).toString('utf8')
}
