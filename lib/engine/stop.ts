import { thaw } from '../cgroup/control.ts'
import { observe } from '../container/state.ts'
import type { ContainerView } from '../container/view.ts'
import { isRunning } from '../container/view.ts'
import { waitForExit } from '../container/wait.ts'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { signalNumber } from './stop-signal.ts'

/** `kill`: as Docker, a signal that is to end a paused container wakes it up as well. Throws NOT_RUNNING. */
export async function killWith(view: ContainerView, signal: number): Promise<void> {
  await signalContainer(view, signal)
  if (view.status === 'paused' && view.live !== undefined && (signal === 9 || signal === stopSignal(view))) await thaw(view.live.cgroup)
}

/** Sends a signal to the container's first process. Throws NOT_RUNNING. */
export async function signalContainer(view: ContainerView, signal: number): Promise<void> {
  const { live, record } = view
  if (!isRunning(view) || live === undefined) throw notRunning(record.id)
  try {
    addon.pidfdSendSignal({ pid: live.pid, startTime: live.startTime, signal })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') throw notRunning(record.id)
    throw error
  }
}

const notRunning = (id: string) =>
  new LichenError(`Cannot kill container: ${id.slice(0, 12)}: container ${id} is not running`, { code: 'NOT_RUNNING', exitCode: 1 })

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
  if (!isRunning(view)) return
  await ignoreGone(() => signalContainer(view, signal))
  // A frozen process can't act on a signal.
  if (view.status === 'paused' && view.live !== undefined) await thaw(view.live.cgroup)
  if (await waitForExit(view, seconds < 0 ? undefined : seconds * 1000)) return
  await killContainer(await observe(view.record, view.paths))
}

/** SIGKILL, and wait until the monitor has written the end down. */
export async function killContainer(view: ContainerView): Promise<void> {
  if (!isRunning(view)) return
  await ignoreGone(() => signalContainer(view, 9))
  if (view.status === 'paused' && view.live !== undefined) await thaw(view.live.cgroup)
  await waitForExit(view, undefined)
}

async function ignoreGone(send: () => Promise<void>): Promise<void> {
  try {
    await send()
  } catch (error) {
    // It ended by itself in between, which is what was wanted.
    if (!(error instanceof LichenError) || error.code !== 'NOT_RUNNING') throw error
  }
}
