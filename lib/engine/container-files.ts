import { exclusively } from '../container/exclusive.ts'
import { type ContainerView, isActive, isRunning } from '../container/view.ts'
import { compileVolumes } from '../plan/compile-mounts.ts'
import type { Identity, View } from '../plan/plan.ts'
import { sourceMount } from '../plan/spec-mounts.ts'
import type { ViewInput } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { containerRootfs } from './container-rootfs.ts'
import { containerIdentity } from './identity.ts'
import { mountSources } from './mounts.ts'

/** With what is mounted in it from outside, or the root file system alone. */
export type FilesWish = 'with mounts' | 'root only'

/**
 * Works on the files of a container. Of one that runs they are seen through it; of any other they are mounted for the work alone, and nobody
 * starts or removes it meanwhile. Throws CONTAINER_NOT_FOUND, what prepareRootfs and `use` throw.
 */
export async function withContainerFiles<T>(context: Context, view: ContainerView, wish: FilesWish, use: (files: ViewInput) => Promise<T>): Promise<T> {
  if (isRunning(view) && view.live !== undefined) {
    try {
      return await use(await runningFiles(context, view, wish))
    } catch (error) {
      // It has ended since we looked.
      if (!(error instanceof LichenError) || error.code !== 'RUNTIME_TARGET') throw error
    }
  }
  return exclusively(view, async (now) => use(isActive(now) ? await runningFiles(context, now, wish) : await stoppedFiles(context, now, wish)))
}

async function runningFiles(context: Context, { record, live }: ContainerView, wish: FilesWish): Promise<ViewInput> {
  // Its monitor may mount it again at any moment.
  if (live === undefined || live.restarting) {
    throw new LichenError(`Container ${record.id} is restarting, wait until the container is running`, {
      code: 'NOT_RUNNING',
      exitCode: 1,
      hint: `lichen wait --condition running ${record.name}`,
    })
  }
  const { container } = await containerIdentity(context, record.options)
  const view: View = { kind: wish === 'with mounts' ? 'process' : 'process-root', pid: live.pid, startTime: live.startTime }
  return { context, identity: container, view }
}

async function stoppedFiles(context: Context, view: ContainerView, wish: FilesWish): Promise<ViewInput> {
  const { options } = view.record
  const identity = await containerIdentity(context, options)
  const rootfs = await containerRootfs(context, view, identity)
  const sources = wish === 'root only' ? [] : await mountSources(context, view)
  const mounts = sources
    // A tmpfs has nothing to show.
    .filter((mount) => mount.type !== 'tmpfs')
    .sort((a, b) => a.target.split('/').length - b.target.split('/').length)
    .map((mount) => sourceMount(mount, () => {}))
  return {
    context,
    identity: identity.container,
    view: { kind: 'rootfs', rootfs, mounts: compileVolumes(mounts), readonly: wish === 'with mounts' && options.readOnly },
  }
}

/** Of two containers at once: always in the same order, or two who copy to and fro would wait for each other. */
export async function withFilesOfBoth<T>(
  context: Context,
  [first, second]: readonly [ContainerView, ContainerView],
  use: (files: readonly [ViewInput, ViewInput]) => Promise<T>,
): Promise<T> {
  if (first.record.id > second.record.id) return withFilesOfBoth(context, [second, first], ([b, a]) => use([a, b]))
  return withContainerFiles(context, first, 'with mounts', (a) => withContainerFiles(context, second, 'with mounts', (b) => use([a, b])))
}

/** The ids of a container, for files of the host that come from it or go there. */
export const identityOf = async (context: Context, { record }: ContainerView): Promise<Identity> => (await containerIdentity(context, record.options)).container
