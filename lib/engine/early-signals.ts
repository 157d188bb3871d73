import type { Launched } from '../runtime/launch.ts'
import { addon } from '../system/addon.ts'
import { builtin } from '../system/builtin.ts'

/** Those with which a user, a shell or a batch system asks for an end. */
const caught = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

export interface EarlySignals {
  /** The process is there: it gets what was kept for it. */
  handTo(process: Pick<Launched, 'pid' | 'startTime'>): void
  /** From here on signals do what they always do. */
  letGo(): void
}

/** Keeps signals that come while a process is being started: they must neither be lost nor end the command half-way. */
export function keepEarlySignals(): EarlySignals {
  const kept: number[] = []
  const handlers = caught.map((name) => [name, () => void kept.push(builtin.os.constants.signals[name])] as const)
  for (const [name, handler] of handlers) process.on(name, handler)
  return {
    handTo({ pid, startTime }) {
      for (const signal of kept.splice(0)) {
        try {
          addon.pidfdSendSignal({ pid, startTime, signal })
        } catch {
          // It has just ended; its exit code is on the way.
        }
      }
    },
    letGo() {
      for (const [name, handler] of handlers) process.off(name, handler)
    },
  }
}
