import { listContainers } from '../container/list.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { diskUsage } from '../storage/usage.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { recordPrune } from './record-event.ts'
import { removeContainer } from './remove.ts'

/** Removes the containers that do not run and that `fits`; gives their ids, and the bytes that they had written. */
export async function pruneContainers(context: Context, fits: (view: ContainerView) => boolean): Promise<{ ids: string[]; bytes: number }> {
  const views = (await listContainers(context)).filter((view) => !isActive(view) && fits(view))
  const identity = await hostIdentity(context)
  const usage = await diskUsage({ context, identity, paths: views.map(({ paths }) => paths.upper) })
  const pruned = { ids: [] as string[], bytes: 0 }
  for (const view of views) {
    try {
      await removeContainer(context, view, { force: false, volumes: false })
      pruned.ids.push(view.record.id)
      pruned.bytes += usage.get(view.paths.upper) ?? 0
    } catch (error) {
      // Started, or removed by somebody else, in the meantime.
      if (!(error instanceof LichenError) || !['STILL_RUNNING', 'CONTAINER_NOT_FOUND'].includes(error.code)) throw error
    }
  }
  await recordPrune(context.paths, 'container', pruned.bytes)
  return pruned
}
