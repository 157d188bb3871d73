import type { ExitRecord } from './record.ts'
import { until } from './until.ts'
import type { ContainerView } from './view.ts'
import { exitRecordOf } from './wait.ts'

/**
 * How the container ends next, be it that it is started again afterwards: what `wait` waits for. Undefined and throws as exitRecordOf,
 * which waits for the last end.
 */
export async function nextEnd(view: ContainerView): Promise<ExitRecord | undefined> {
  // Asked for first: it holds the lock file open, in which the code survives the container.
  const over = exitRecordOf(view)
  if (view.record.options.restart === undefined) return over
  over.catch(() => {})
  const now = await until(view, ({ now, monitored, removed }) => removed || !monitored || hasEndedSince(view, now))
  return (hasEndedSince(view, now) ? now.live?.last : undefined) ?? over
}

/** It ended and is started again, or will be. */
export const hasEndedSince = (before: ContainerView, now: ContainerView) => (now.live?.restarts ?? 0) > (before.live?.restarts ?? 0)
