import { untilCanceled } from '../build/canceled.ts'
import { exclusively } from '../container/exclusive.ts'
import type { ContainerView } from '../container/view.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import { storeLayer } from '../image/store-layer.ts'
import { packChanges } from '../runtime/view.ts'
import { layerFolders } from '../storage/layers.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import type { BuildSession } from './build-container.ts'

/** Where the runtime mounts something of its own: what was made there as a place for it is no change. */
const OWN = ['/dev', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/proc', '/sys']

export interface LayerWish {
  context: Context
  session: BuildSession
  /** Seconds: no time in it is later. */
  latest: number | undefined
  /** Where something was mounted that the container's record does not have. */
  places?: readonly string[]
}

/** What a container has changed becomes a layer of the store, and is the container's no more. Throws BUILD_CANCELED, CONTAINER_NOT_FOUND, what storeLayer throws. */
export async function layerOfChanges({ context, session: { signal }, latest, places = [] }: LayerWish, view: ContainerView): Promise<BuiltLayer> {
  const { record, paths } = view
  const identity = await hostIdentity(context)
  const merged = record.storageDriver === 'vfs'
  // Overlayfs keeps changes as a layer has them: with other times, other owners, or by another driver, it is unpacked of its tar.
  const keep = record.storageDriver === 'overlay' && latest === undefined && !context.config['squash-ids']
  let bytes = 0
  async function* records() {
    const changes = packChanges({
      context,
      identity,
      changes: {
        directory: merged ? paths.merged : paths.upper,
        merged,
        whiteoutFiles: record.storageDriver === 'fuse-overlayfs',
        lower: await layerFolders(context, record.image.layers),
        own: [...OWN, ...record.mounts.map(({ target }) => target), ...Object.keys(record.options.tmpfs), ...places],
        output: keep ? 'layer' : 'entries',
      },
    })
    bytes = (yield* untilCanceled(signal, changes)).bytes
  }
  const adopt = keep ? { folder: paths.upper, bytes: () => bytes } : undefined
  // Nobody removes it meanwhile.
  return exclusively(view, async () => (await storeLayer({ context, identity, records: records(), compression: 'none', latest, adopt, keepEmpty: true }))!)
}
