import type { ContainerView } from '../container/view.ts'
import type { RootfsPlan } from '../plan/plan.ts'
import { prepareRootfs } from '../storage/rootfs.ts'
import type { Context } from '../system/context.ts'
import type { ContainerIdentity } from './identity.ts'

/** How the root file system of a container is mounted: the layers of its image by its driver, or with --rootfs the folder itself. Throws what prepareRootfs does. */
export async function containerRootfs(
  context: Context,
  { record, paths }: Pick<ContainerView, 'record' | 'paths'>,
  { container, store, needsSquash }: ContainerIdentity,
): Promise<RootfsPlan> {
  if (record.options.rootfs) return { kind: 'directory', merged: record.image.reference }
  return prepareRootfs({
    context,
    driver: record.storageDriver,
    container: paths,
    layers: record.image.layers,
    identity: container,
    storeIdentity: needsSquash ? store : container,
    // A step of a build, which has no image yet: what it lost would be in the cache for ever.
    writeThrough: record.image.id === '',
  })
}
