import type { ContainerView } from '../container/view.ts'
import { encodeAmendment } from '../runtime/encode-plan.ts'
import { writeFileAtomic } from '../system/files.ts'
import { eventHead } from './record-event.ts'
import { restartPlan } from './start.ts'

/**
 * Lets the monitor of a container, should it have one, know of its name and restart policy as they are in `record` now. Call it under
 * `exclusively`, behind the change itself: killed in between, the monitor goes on with the old ones until the command is repeated.
 */
export async function amendMonitor({ record, paths, live }: Pick<ContainerView, 'record' | 'paths' | 'live'>): Promise<void> {
  if (live === undefined) return
  const events = { log: paths.events, head: eventHead(record) }
  await writeFileAtomic(paths.amendment, encodeAmendment({ events, restart: restartPlan(record.options.restart) }))
}
