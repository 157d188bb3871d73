import type { CacheEntry } from '../build/cache-entry.ts'
import { imagesOf } from '../container/images.ts'
import { listContainers } from '../container/list.ts'
import type { ContainerView } from '../container/view.ts'
import type { Image } from '../image/image.ts'
import { listImages } from '../image/list.ts'
import { listStoredImages } from '../image/store.ts'
import { readVolumes } from '../storage/list-volumes.ts'
import { diskUsage } from '../storage/usage.ts'
import { type Volume, volumeData } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { listBuildCache } from './build-cache.ts'

export interface StoreUsage {
  images: { image: Image; containers: number; shared: number }[]
  /** Bytes of all layers, each counted once. */
  layerBytes: number
  /** Of those under images that containers use. */
  activeLayerBytes: number
  containers: { view: ContainerView; bytes: number }[]
  volumes: { volume: Volume; links: number; bytes: number }[]
  cache: CacheEntry[]
}

/** What takes how much of the store. */
export async function storeUsage(context: Context): Promise<StoreUsage> {
  const reading = listStoredImages(context)
  const [images, stored, views, volumes, cache, identity] = await Promise.all([
    listImages(context),
    reading,
    listContainers(context),
    readVolumes(context),
    listBuildCache(context, reading),
    hostIdentity(context),
  ])
  const upper = ({ paths, record }: ContainerView) => (record.storageDriver === 'vfs' ? paths.merged : paths.upper)
  const paths = [...views.map(upper), ...volumes.map(({ name }) => volumeData(context, name))]
  const bytes = await diskUsage({ context, identity, paths })

  const sizes = new Map(stored.flatMap(({ layers }) => layers.map(({ diffId, size }) => [diffId, size] as const)))
  const uses = new Map<string, number>()
  for (const { layers } of images) for (const layer of new Set(layers)) uses.set(layer, (uses.get(layer) ?? 0) + 1)
  const sum = (layers: Iterable<string>) => [...new Set(layers)].reduce((total, layer) => total + (sizes.get(layer) ?? 0), 0)
  const usersOf = (id: string) => views.filter(({ record }) => imagesOf(record).includes(id)).length

  return {
    cache,
    images: images.map((image) => ({ image, containers: usersOf(image.id), shared: sum(image.layers.filter((layer) => (uses.get(layer) ?? 0) > 1)) })),
    layerBytes: sum(images.flatMap(({ layers }) => layers)),
    activeLayerBytes: sum(images.filter(({ id }) => usersOf(id) > 0).flatMap(({ layers }) => layers)),
    containers: views.map((view) => ({ view, bytes: bytes.get(upper(view)) ?? 0 })),
    volumes: volumes.map((volume) => ({
      volume,
      links: views.filter(({ record }) => record.mounts.some((mount) => mount.type === 'volume' && mount.name === volume.name)).length,
      bytes: bytes.get(volumeData(context, volume.name)) ?? 0,
    })),
  }
}
