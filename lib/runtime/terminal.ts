import { addon } from '../system/addon.ts'

/** What ends a process that does not care for them, without those that the JavaScript engines use themselves. */
const DEADLY = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGXCPU'] as const

/**
 * Makes the user's terminal hand on every key as it is (`fd` undefined: there is none to make), and calls `resized` for each new size.
 * Gives what undoes it. It is undone as well when the process exits, is stopped, or is killed by a signal that nobody else listens to;
 * a stopped process that goes on takes the terminal again.
 */
export function holdTerminal(fd: number | undefined, resized: () => void): () => void {
  let mode = fd === undefined ? undefined : addon.rawMode({ fd })
  const handlers = new Map<NodeJS.Signals, () => void>()
  const listen = (name: NodeJS.Signals, handler: () => void) => {
    handlers.set(name, handler)
    process.on(name, handler)
  }
  const restore = () => {
    if (fd !== undefined && mode !== undefined && addon.restoreMode({ fd, mode })) mode = undefined
  }
  /** What the signal would have done without us. */
  const suffer = (name: NodeJS.Signals) => {
    restore()
    process.off(name, handlers.get(name)!)
    process.kill(process.pid, name)
  }

  listen('SIGWINCH', () => unlessGone(resized))
  listen('SIGCONT', () =>
    unlessGone(() => {
      // Also after SIGSTOP, which nobody hears: the shell has set the terminal to its own taste meanwhile.
      const found = fd === undefined ? undefined : addon.rawMode({ fd })
      mode ??= found
      resized()
    }),
  )
  for (const name of DEADLY) if (process.listenerCount(name) === 0) listen(name, () => suffer(name))
  if (process.listenerCount('SIGTSTP') === 0) {
    listen('SIGTSTP', () => {
      suffer('SIGTSTP')
      process.on('SIGTSTP', handlers.get('SIGTSTP')!)
    })
  }
  process.on('exit', restore)
  return () => {
    restore()
    process.off('exit', restore)
    for (const [name, handler] of handlers) process.off(name, handler)
  }
}

/** A terminal can hang up at any time; that is told by the end of its input, not by a failed question for its size. */
function unlessGone(action: () => void): void {
  try {
    action()
  } catch {
    // Then there is nothing to set.
  }
}
