import { type AttachResult, attachStreams } from '../runtime/attach.ts'
import type { Launched } from '../runtime/launch.ts'
import { addon } from '../system/addon.ts'
import { builtin } from '../system/builtin.ts'
import { closeSync } from '../system/fs.ts'

/**
 * What a user sends to the command and means for the container: as with Docker's --sig-proxy all that can be caught, but for CHLD,
 * PIPE and URG. Nor TTIN and TTOU, which are between us and our terminal, nor those of faults, nor what the JavaScript engines use themselves.
 */
const PROXIED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGTSTP',
  'SIGXCPU',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
] as const

export interface ForegroundOptions {
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
  detachKeys: Uint8Array
  sigProxy: boolean
  /** Of one that has been running: its program draws its screen afresh. */
  redraw?: boolean
}

/**
 * Keeps the user's terminal and the process together until it ends or the user detaches. The bytes flow in a
 * thread of the addon; what happens here is signals. Closes the socket.
 */
export async function stayAttached(process_: Pick<Launched, 'pid' | 'startTime'>, socket: number, options: ForegroundOptions): Promise<AttachResult> {
  const stop = options.sigProxy ? proxySignals(process_, options.tty) : () => {}
  try {
    return await attachStreams({
      socketFd: socket,
      stdin: options.stdin ? 0 : -1,
      stdout: options.stdout ? 1 : -1,
      stderr: options.stderr ? 2 : -1,
      tty: options.tty,
      detachKeys: options.detachKeys,
      redraw: options.redraw ?? false,
    })
  } finally {
    stop()
    closeSync(socket)
  }
}

/** Hands signals on until the function that it gives is called. */
function proxySignals({ pid, startTime }: Pick<Launched, 'pid' | 'startTime'>, tty: boolean): () => void {
  // With a terminal of its own the process learns of a new size from there.
  const names: NodeJS.Signals[] = [...PROXIED, ...(tty ? [] : (['SIGWINCH'] as const))]
  const handlers = names.map((name) => {
    const handler = () => {
      try {
        addon.pidfdSendSignal({ pid, startTime, signal: builtin.os.constants.signals[name] })
      } catch {
        // It has just ended; its exit code is on the way.
      }
    }
    process.on(name, handler)
    return [name, handler] as const
  })
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler)
  }
}

/** Rows and columns of the terminal on stdin, stdout or stderr; 0 0 where none is one. */
export function terminalSize(): { rows: number; columns: number } {
  for (const fd of [0, 1, 2]) if (addon.isTerminal({ fd })) return addon.windowSize({ fd })
  return { rows: 0, columns: 0 }
}
