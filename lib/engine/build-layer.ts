import type { ContainerView } from '../container/view.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import { adoptLayer } from '../image/adopt-layer.ts'
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

/** What a container has changed becomes a layer of the store, and is the container's no more. `latest`: no time in it is later (seconds). `places`: where else something was mounted. */
export async function layerOfChanges(context: Context, view: ContainerView, latest: number | undefined, places: readonly string[] = []): Promise<BuiltLayer> {
  const { record, paths } = view
  const identity = await hostIdentity(context)
  const merged = record.storageDriver === 'vfs'
  // Overlayfs keeps changes as a layer has them: with other times, other owners, or by another driver, it is unpacked of its tar.
  const keep = record.storageDriver === 'overlay' && latest === undefined && !context.config['squash-ids']
  let bytes = 0
  const tar = packTar(
    counted(
      packChanges({
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
      }),
      (total) => {
        bytes = total
      },
    ),
    { layer: true, ...(latest === undefined ? {} : { latest }) },
  )
  const { digest, size } = await storeNewBlob(context, tar, async (parts) => {
    for await (const _ of parts);
  })
  const blob = { mediaType: OCI_LAYER, digest, size }
  if (keep && (await adoptLayer({ context, identity, folder: paths.upper, diffId: digest }))) return { diffId: digest, blob, size: bytes }
  return { diffId: digest, blob, size: (await unpackLayer({ context, identity, blob: streamBlob(context, digest), diffId: digest })).size }
}

async function* counted(records: ReturnType<typeof packChanges>, bytes: (total: number) => void): AsyncGenerator<Buffer, void, void> {
  bytes((yield* records).bytes)
}
