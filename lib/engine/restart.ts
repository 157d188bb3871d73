import { exclusively } from '../container/exclusive.ts'
import { observe } from '../container/state.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import type { Context } from '../system/context.ts'
import { terminalSize } from './foreground.ts'
import { recordContainerEvent } from './record-event.ts'
import { startHeld } from './start.ts'
import { stopContainer, stopSeconds, stopSignal } from './stop.ts'

/**
 * Stops the container, should it run, and starts it, with nobody in between: one that was started with --rm is not removed, since who wants
 * to remove it has to wait, and finds it running. Absent: the container's own signal and patience.
 */
export async function restartContainer(
  context: Context,
  view: ContainerView,
  wish: { seconds: number | undefined; signal: number | undefined },
): Promise<void> {
  await exclusively(view, async (now) => {
    if (isActive(now)) await stopContainer(now, wish.seconds ?? stopSeconds(now), wish.signal ?? stopSignal(now))
    const ended = await observe(now.record, now.paths, true)
    const launched = await startHeld(context, ended, { attached: false, terminal: now.record.options.tty ? terminalSize() : undefined })
    await launched.release()
    await recordContainerEvent(now, 'restart')
  })
}
