import type { ContainerView } from '../container/view.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import { storeNewBlob, streamBlob } from '../image/blobs.ts'
import { OCI_LAYER } from '../image/media-types.ts'
import { packTar } from '../image/pack-tar.ts'
import { unpackLayer } from '../image/unpack.ts'
import { packChanges } from '../runtime/view.ts'
import { layerFolders } from '../storage/layers.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'

/** Where the runtime mounts something of its own: what was made there as a place for it is no change. */
const OWN = ['/dev', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/proc', '/sys']

/** What a container has changed becomes a layer of the store. `latest`: no time in it is later (seconds). */
export async function layerOfChanges(context: Context, { record, paths }: ContainerView, latest: number | undefined): Promise<BuiltLayer> {
  const identity = await hostIdentity(context)
  const merged = record.storageDriver === 'vfs'
  const records = packChanges({
    context,
    identity,
    changes: {
      directory: merged ? paths.merged : paths.upper,
      merged,
      whiteoutFiles: record.storageDriver === 'fuse-overlayfs',
      lower: await layerFolders(context, record.image.layers),
      own: [...OWN, ...record.mounts.map(({ target }) => target), ...Object.keys(record.options.tmpfs)],
      output: 'entries',
    },
  })
  const tar = packTar(records, { layer: true, ...(latest === undefined ? {} : { latest }) })
  const { digest, size } = await storeNewBlob(context, tar, async (bytes) => {
    for await (const _ of bytes);
  })
  const { size: unpacked } = await unpackLayer({ context, identity, blob: streamBlob(context, digest), diffId: digest })
  return { diffId: digest, blob: { mediaType: OCI_LAYER, digest, size }, size: unpacked }
}
