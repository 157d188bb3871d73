import { changeLimits } from '../cgroup/change.ts'
import { exclusively } from '../container/exclusive.ts'
import type { ContainerRecord } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import type { CreateOptions } from '../plan/options.ts'
import { writeFileAtomic } from '../system/files.ts'
import { amendMonitor } from './amend.ts'
import { recordContainerEvent } from './record-event.ts'

/**
 * Changes options of a container for good: what `change` makes of those that it has. Limits of one that runs are changed at once; if
 * the kernel refuses one of them, all stays as it was; the policy counts from its next end on. Killed in between, a running container may have limits that its next start
 * knows nothing of: the command can be repeated. Throws what `change` does, NO_CGROUP_DELEGATION, BAD_LIMIT.
 */
export async function updateContainer(view: ContainerView, change: (record: ContainerRecord) => CreateOptions): Promise<void> {
  await exclusively(view, async ({ record, paths, live }) => {
    const options = change(record)
    const takeBack = live === undefined ? undefined : await changeLimits(live.cgroup, record.options.limits, options.limits)
    try {
      await writeFileAtomic(paths.record, JSON.stringify({ ...record, options }))
    } catch (error) {
      await takeBack?.()
      throw error
    }
    await amendMonitor({ record: { ...record, options }, paths, live })
    await recordContainerEvent({ record, paths }, 'update')
  })
}
