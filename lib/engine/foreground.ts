import { close } from 'node:fs'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import type { ContainerView } from '../container/view.ts'
import { exitRecordOf } from '../container/wait.ts'
import { type AttachResult, attachStreams } from '../runtime/attach.ts'
import type { Launched } from '../runtime/launch.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { removeAfterExit } from './remove.ts'

const closeFile = promisify(close)

/** Signals that a user sends to the command and means for the container, as Docker's --sig-proxy. */
const proxied = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const

type Process = Pick<Launched, 'pid' | 'startTime'>

export interface SignalProxy {
  /** Where they go from now on; those that came before follow at once. */
  sendTo(process: Process): void
  stop(): void
}

/** Catches these signals: one that comes while a container is being started must neither be lost nor end the command half-way. */
export function proxySignals(): SignalProxy {
  let target: Process | undefined
  const early: number[] = []
  const send = (signal: number) => {
    if (target === undefined) {
      early.push(signal)
      return
    }
    try {
      addon.pidfdSendSignal({ ...target, signal })
    } catch {
      // It has just ended; its exit code is on the way.
    }
  }
  const handlers = proxied.map((name) => [name, () => send(constants.signals[name])] as const)
  for (const [name, handler] of handlers) process.on(name, handler)
  return {
    sendTo({ pid, startTime }) {
      target = { pid, startTime }
      for (const signal of early.splice(0)) send(signal)
    },
    stop() {
      for (const [name, handler] of handlers) process.off(name, handler)
    },
  }
}

export interface ForegroundOptions {
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
  detachKeys: Uint8Array
  /** The program has been running, and has drawn its screen for somebody else. */
  redraw?: boolean
}

/** Keeps the user's terminal and a process together until it ends or the user goes; the bytes flow in a thread of the addon. Closes the socket. */
export async function stayAttached(socket: number, { tty, stdin, stdout, stderr, detachKeys, redraw = false }: ForegroundOptions): Promise<AttachResult> {
  try {
    return await attachStreams({ socketFd: socket, stdin: stdin ? 0 : -1, stdout: stdout ? 1 : -1, stderr: stderr ? 2 : -1, tty, detachKeys, redraw })
  } finally {
    await closeFile(socket)
  }
}

/**
 * The end of a container that was started here, which is removed then if --rm was given. Gives its exit code; undefined where the
 * user has gone before (no `result`: was never there), and it goes on by itself. Throws MONITOR_LOST.
 */
export async function endOf(context: Context, view: ContainerView, launched: Launched, result: AttachResult | undefined): Promise<number | undefined> {
  try {
    if (result?.kind !== 'exited' && result?.kind !== 'lost') return undefined
    const code = await launched.exited()
    if (view.record.options.remove) {
      await removeAfterExit(context, view)
      await launched.cleaned()
    }
    if (code !== undefined) return code
    throw new LichenError(`the monitor of container ${view.record.name} was killed`, {
      code: 'MONITOR_LOST',
      hint: 'what the container printed last, and how it ended, is not known',
    })
  } finally {
    await launched.release()
  }
}

/** One more client of a container that runs; undefined where it has ended in this moment. */
export function connectTo({ paths }: ContainerView): number | undefined {
  try {
    return addon.connectUnix({ path: paths.attachSocket })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw error
  }
}

/** The exit code of a container that was started elsewhere; undefined where the user has gone before. */
export async function exitCodeOf(view: ContainerView, result: AttachResult): Promise<number | undefined> {
  if (result.kind === 'exited') return result.code
  if (result.kind !== 'lost') return undefined
  return (await exitRecordOf(view))?.exitCode
}

/** Rows and columns of the user's terminal; 0 0 where there is none. */
export function terminalSize(): { rows: number; columns: number } {
  for (const fd of [0, 1, 2]) if (isatty(fd)) return addon.windowSize({ fd })
  return { rows: 0, columns: 0 }
}
