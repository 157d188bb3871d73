import { thaw } from '../cgroup/control.ts'
import { observe } from '../container/state.ts'
import type { ContainerView } from '../container/view.ts'
import { isActive, isRunning } from '../container/view.ts'
import { waitForExit } from '../container/wait.ts'
import { addon } from '../system/addon.ts'
import { builtin } from '../system/builtin.ts'
import { LichenError } from '../system/errors.ts'
import { recordContainerEvent } from './record-event.ts'
import { signalNumber } from './stop-signal.ts'

/** Sends a signal to the container's first process. Throws NOT_RUNNING. */
export async function signalContainer(view: ContainerView, signal: number): Promise<void> {
  const { live, record } = view
  if (!isRunning(view) || live === undefined) throw notRunning(record)
  try {
    addon.pidfdSendSignal({ pid: live.pid, startTime: live.startTime, signal })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') throw notRunning(record)
    throw error
  }
  await recordContainerEvent(view, 'kill', { signal: String(signal) })
}

const notRunning = ({ id, name }: ContainerView['record']) =>
  new LichenError(`cannot kill container: ${name}: container ${id} is not running`, { code: 'NOT_RUNNING', exitCode: 1 })

/** The signal that asks a container to end: `--stop-signal`, the image's, or TERM. What an image calls a signal and is none is TERM, too. */
export function stopSignal({ record }: ContainerView): number {
  const { stopSignal: wanted } = record.options
  if (wanted !== undefined) return signalNumber(wanted)
  try {
    return signalNumber(record.image.config.StopSignal || 'SIGTERM')
  } catch {
    return signalNumber('SIGTERM')
  }
}

/** How long it is waited for before it is killed: `--stop-timeout`, or Docker's ten seconds. */
export const stopSeconds = ({ record }: ContainerView) => record.options.stopTimeout ?? 10

/**
 * Asks the container to end and waits for it; after `seconds` it is killed. One that does not run is left
 * alone, as Docker does. -1 waits for ever.
 */
export async function stopContainer(view: ContainerView, seconds: number, signal = stopSignal(view)): Promise<void> {
  if (!isActive(view)) return
  await endBy(view, signal)
  if (!(await waitForExit(view, seconds < 0 ? undefined : seconds * 1000))) await killContainer(await observe(view.record, view.paths))
  await recordContainerEvent(view, 'stop')
}

/** SIGKILL, and wait until the monitor has written the end down. */
export async function killContainer(view: ContainerView): Promise<void> {
  if (!isActive(view)) return
  await endBy(view, 9)
  await waitForExit(view, undefined)
}

async function endBy(view: ContainerView, signal: number): Promise<void> {
  endForGood(view)
  const now = await observe(view.record, view.paths)
  await ignoreGone(() => signalContainer(now, signal))
  // A frozen process can't act on a signal.
  if (now.status === 'paused' && now.live !== undefined) await thaw(now.live.cgroup)
}

/**
 * `kill`: any signal. One that is to end the container ends it for good and, as with Docker, wakes it up where it is paused; while it waits to be
 * started again any one does. Throws NOT_RUNNING.
 */
export async function killWith(view: ContainerView, signal: number): Promise<void> {
  const waits = view.status === 'restarting'
  if (!waits && signal !== 9 && signal !== stopSignal(view)) return signalContainer(view, signal)
  if (!isActive(view)) throw notRunning(view.record)
  endForGood(view)
  const now = await observe(view.record, view.paths)
  if (waits && !isRunning(now)) return
  await signalContainer(now, signal)
  if (now.status === 'paused' && now.live !== undefined) await thaw(now.live.cgroup)
}

/**
 * Tells the monitor that the next end is the last. Before the container is looked at and ended: the monitor ends what it
 * starts after it has shown us that nothing runs.
 */
function endForGood({ live }: ContainerView): void {
  if (live === undefined) return
  try {
    addon.pidfdSendSignal({ pid: live.monitorPid, startTime: live.monitorStartTime, signal: builtin.os.constants.signals.SIGUSR1 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function ignoreGone(send: () => Promise<void>): Promise<void> {
  try {
    await send()
  } catch (error) {
    // It ended by itself in between, which is what was wanted.
    if (!(error instanceof LichenError) || error.code !== 'NOT_RUNNING') throw error
  }
}
