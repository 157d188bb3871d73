import { rm } from 'node:fs/promises'
import { discardContainer } from '../container/discard.ts'
import { exclusively } from '../container/exclusive.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import type { Identity } from '../plan/plan.ts'
import { removeTree } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { volumesDir } from '../system/paths.ts'
import { killContainer } from './stop.ts'

/**
 * Removes a container: out of sight in one step, then its files. With `force` a running one is killed first;
 * with `volumes` its anonymous volumes go too. Needs no free disk space. Throws STILL_RUNNING.
 */
export async function removeContainer(input: {
  context: Context
  identity: Identity
  view: ContainerView
  force: boolean
  volumes: boolean
}): Promise<void> {
  const { context, identity, view, force, volumes } = input
  const grave = await exclusively(view, async (now) => {
    if (isRunning(now)) {
      if (!force) throw stillRunning(now)
      await killContainer(now)
    }
    return discardContainer(context, now)
  })
  await removeTree({ context, identity, path: grave })
  if (!volumes) return
  for (const mount of view.record.mounts.filter(({ anonymous }) => anonymous)) {
    const path = `${volumesDir(context.paths)}/${mount.name}`
    await removeTree({ context, identity, path })
    await rm(path, { recursive: true, force: true })
  }
}

function stillRunning({ record, status }: ContainerView): LichenError {
  const id = record.id.slice(0, 12)
  return new LichenError(
    `cannot remove container "/${record.name}": container is ${status}: ${status === 'paused' ? 'unpause and then stop' : 'stop'} the container before removing or force remove`,
    { code: 'STILL_RUNNING', exitCode: 1, hint: `lichen stop ${id}, or lichen rm -f ${id}` },
  )
}
