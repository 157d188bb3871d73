import type { OciSeccomp } from '../plan/spec.ts'
import { builtin } from './builtin.ts'
import { LichenError } from './errors.ts'
import { dirname } from './path.ts'

/**
 * The native calls, one object in each. A call that fails throws (or rejects with) an Error in the shape of
 * Node's own: `code` ("ENOENT"), `errno`, `syscall`, and the call with its arguments as the message.
 */
export interface Addon {
  /** A memfd with these bytes that nobody can change any more; its offset is 0. */
  sealedMemfd(input: { name: string; bytes: Uint8Array }): number
  /** Close-on-exec, blocking. */
  socketPair(input: { type?: 'stream' | 'seqpacket' | 'datagram' }): [number, number]
  /** A stream connection to the socket at `path`, close-on-exec, blocking. */
  connectUnix(input: { path: string }): number
  /** [read end, write end], close-on-exec. */
  pipe(input: Record<string, never>): [number, number]
  /** What is there to read, at most `size` bytes (65536); null at the end. Blocks a thread of its own. */
  readFd(input: { fd: number; size?: number }): Promise<Buffer | null>
  /** All of the parts, which stay as they are meanwhile. Blocks a thread of its own. */
  writeFd(input: { fd: number; parts: Uint8Array[] }): Promise<void>

  /**
   * Starts a program with exactly these descriptors ([child's, ours]; 0 to 2 are /dev/null where not named),
   * default signal dispositions and an empty mask. `file` may be a descriptor. `pidfd` is close-on-exec and the caller's
   * to close; undefined before Linux 5.2. Use `system/spawn.ts`.
   */
  spawn(input: { file: string | number; argv: string[]; env: string[]; fds?: [number, number][]; setsid?: boolean; cwd?: string }): {
    pid: number
    pidfd: number | undefined
  }
  /** Reaps a child; exactly one of the two is defined. */
  waitPid(input: { pid: number } | { pidfd: number }): Promise<{ code: number | undefined; signal: number | undefined }>
  /** Replaces this process; returns only by throwing. */
  execve(input: { file: string; argv: string[]; env: string[] }): never

  /** F_OFD_SETLK, or F_OFD_SETLKW with `wait`. False: somebody else has it. */
  ofdLock(input: { fd: number; mode: 'read' | 'write'; wait: true }): Promise<true>
  ofdLock(input: { fd: number; mode: 'read' | 'write' | 'unlock'; wait?: false }): boolean
  /** Whether another open file description holds a write lock. */
  ofdTest(input: { fd: number }): boolean
  flock(input: { fd: number; mode: 'shared' | 'exclusive'; wait: true }): Promise<true>
  flock(input: { fd: number; mode: 'shared' | 'exclusive' | 'unlock'; wait?: false }): boolean

  pidfdOpen(input: { pid: number }): number
  /** Signals that very process: ESRCH where the pid has been given to another since. `startTime`: field 22 of /proc/PID/stat. */
  pidfdSendSignal(input: { pid: number; startTime: number; signal: number }): void
  kill(input: { pid: number; signal: number }): void
  /** Field 22 of /proc/PID/stat; undefined where there is no such process. */
  processStartTime(input: { pid: number }): number | undefined

  /**
   * Carries bytes between a socket that speaks the attach protocol and these descriptors (-1: not attached), in a thread of its own,
   * until it is over. `controlFd` (-1: none) takes two u32, rows and columns, for each new size of the terminal. `detachKeys`: empty for none.
   * Use `runtime/attach.ts`.
   */
  relay(input: {
    socketFd: number
    controlFd: number
    stdin: number
    stdout: number
    stderr: number
    detachKeys: Uint8Array
  }): Promise<{ kind: 'exited'; code: number } | { kind: 'detached' } | { kind: 'closed' } | { kind: 'lost' }>
  windowSize(input: { fd: number }): { rows: number; columns: number }

  isTerminal(input: { fd: number }): boolean
  /** Makes a terminal hand on every byte as it is; gives the mode that it had. */
  rawMode(input: { fd: number }): Buffer
  /** False where the terminal is in other hands now. */
  restoreMode(input: { fd: number; mode: Uint8Array }): boolean

  /** Files in this thread; failures are node:fs's, with `path`. Use `system/fs.ts`. */
  openFile(input: { path: string; flags: number; mode: number }): number
  closeFile(input: { fd: number }): void
  /** From the descriptor's offset to the end. */
  readRest(input: { fd: number }): Buffer
  /** How many bytes one write(2) has taken. */
  writeSome(input: { fd: number; bytes: Uint8Array }): number
  /** dev, ino, mode, nlink, uid, gid, rdev, size, blocks, atime, mtime, ctime (ms). Undefined where there is nothing, with `maybe`. */
  statFile(input: { fd: number } | { path: string; follow?: boolean; maybe?: boolean }): Float64Array | undefined
  /** `types`: d_type of readdir(3), 0 where the file system doesn't say. */
  readFolder(input: { path: string }): { names: string[]; types: number[] }
  readLink(input: { path: string }): string
  access(input: { path: string; mode: number }): void
  mkdir(input: { path: string; mode: number }): void
  chmod(input: { path: string; mode: number }): void
  unlink(input: { path: string }): void
  rmdir(input: { path: string }): void
  rename(input: { path: string; target: string }): void

  /** Opens `path`, which is there, as if `root` were /: no symlink or ".." leads out, with openat2 or without. Always close-on-exec. */
  openInRoot(input: { path: string; flags?: number } & ({ root: string } | { rootFd: number })): number
  /** f_type of statfs(2), linux/magic.h. */
  statfsType(input: { path: string }): number
  /** Of the link itself where path is one. Undefined where there is no such attribute. */
  getxattr(input: { path: string; name: string }): Buffer | undefined
  setxattr(input: { path: string; name: string; value: Uint8Array }): void

  /**
   * Compiles a profile: `program` is an array of struct sock_filter, `flags` are for seccomp(2), `unknown` are the calls that this
   * libseccomp has never heard of. Takes about 20 ms for Docker's profile; use `runtime/seccomp.ts`. A profile that makes no sense is a TypeError.
   */
  seccompProgram(input: { profile: OciSeccomp }): { program: Buffer; flags: number; unknown: string[] }
  /** Changes whenever a profile may compile to something else. */
  seccompRevision(input: Record<string, never>): string

  /**
   * Decodes lines of a json-file log from `at` on into `room` from `end` on, which must be as long as what is left of them: those of one
   * stream that are of the usual form. [where the first other line begins, the new end]
   */
  jsonLogText(input: { from: Uint8Array; at: number; room: Uint8Array; end: number; stderr: boolean }): [at: number, end: number]

  /** From the password database, never from $HOME or $USER. */
  passwordEntry(input: { uid: number }): { name: string; uid: number; gid: number; home: string; shell: string } | undefined
}

/** Set by `hack/build standalone`, whose executable must not look into the checkout that it was built from. */
declare const LICHEN_STANDALONE: boolean | undefined

/** Folder of `lichen-runtime` and `lichen.node`: in the standalone build that of the executable, which `native/launcher` starts. */
export function libexecFolders(): string[] {
  const here = dirname(process.execPath)
  return [process.env['LICHEN_LIBEXEC'], typeof LICHEN_STANDALONE === 'undefined' ? `${dirname(here)}/libexec/lichen` : here].filter(
    (path) => path !== undefined,
  )
}

/** Top folder of a checkout or an npm package: the nearest one above this file with a package.json. */
export function packageFolder(): string | undefined {
  if (typeof LICHEN_STANDALONE !== 'undefined') return undefined
  for (let folder = dirname(decodeURIComponent(new URL(import.meta.url).pathname)); folder !== dirname(folder); folder = dirname(folder)) {
    if (builtin.fs.existsSync(`${folder}/package.json`)) return folder
  }
  return undefined
}

function load(): Addon {
  const top = packageFolder()
  const candidates = libexecFolders().map((folder) => `${folder}/lichen.node`)
  if (top !== undefined) candidates.splice(process.env['LICHEN_LIBEXEC'] === undefined ? 0 : 1, 0, `${top}/native/addon/build/Release/lichen.node`)
  for (const path of candidates) {
    try {
      // Not `require`: Bun's looks through all folders on the way first.
      const loaded = { exports: {} }
      process.dlopen(loaded, path)
      return loaded.exports as Addon
    } catch (error) {
      if (!builtin.fs.existsSync(path)) continue
      throw new LichenError(`the native part of lichen can't be loaded: ${(error as Error).message}`, {
        code: 'BAD_ADDON',
        hint: 'it was built for another machine or another libc: npm run build',
        cause: error,
      })
    }
  }
  throw new LichenError('the native part of lichen (lichen.node) is not built or not installed', {
    code: 'NO_ADDON',
    hint: `in a checkout: npm run build. Looked for it in ${candidates.join(', ')}`,
  })
}

let loaded: Addon | undefined

/** Loaded at the first call, not at import: the unit tests of pure parts do without it. */
export const addon: Addon = new Proxy({} as Addon, {
  get(_, name) {
    loaded ??= load()
    return loaded[name as keyof Addon]
  },
})

/** That it is missing has to be said without it. */
export function hasAddon(): boolean {
  try {
    loaded ??= load()
    return true
  } catch {
    return false
  }
}
