import { close } from 'node:fs'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { type AttachResult, attachStreams } from '../runtime/attach.ts'
import type { Launched } from '../runtime/launch.ts'
import { addon } from '../system/addon.ts'

const closeFile = promisify(close)

/** Signals that a user sends to the command and means for the container, as Docker's --sig-proxy. */
const proxied = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const

export interface ForegroundOptions {
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
  detachKeys: Uint8Array
  sigProxy: boolean
}

/**
 * Keeps the user's terminal and the process together until it ends or the user detaches. The bytes flow in a
 * thread of the addon; what happens here is signals.
 */
export async function stayAttached(process_: Pick<Launched, 'pid' | 'startTime'>, socket: number, options: ForegroundOptions): Promise<AttachResult> {
  const { pid, startTime } = process_
  const handlers = proxied.map((name) => {
    const handler = () => {
      try {
        addon.pidfdSendSignal({ pid, startTime, signal: constants.signals[name] })
      } catch {
        // It has just ended; its exit code is on the way.
      }
    }
    if (options.sigProxy) process.on(name, handler)
    return [name, handler] as const
  })
  try {
    return await attachStreams({
      socketFd: socket,
      stdin: options.stdin ? 0 : -1,
      stdout: options.stdout ? 1 : -1,
      stderr: options.stderr ? 2 : -1,
      tty: options.tty,
      detachKeys: options.detachKeys,
    })
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler)
    await closeFile(socket)
  }
}

/** Rows and columns of the terminal on stdin or stdout; 0 0 where neither is one. */
export function terminalSize(): { rows: number; columns: number } {
  for (const fd of [0, 1, 2]) if (isatty(fd)) return addon.windowSize({ fd })
  return { rows: 0, columns: 0 }
}
