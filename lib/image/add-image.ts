import { mkdir, stat } from 'node:fs/promises'
import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { withPassingLock } from '../system/lock.ts'
import { layerDiff, temporaryDir } from '../system/paths.ts'
import { blobSize, putBlob, readBlob, storeBlob, streamBlob, TEMPORARY_PREFIX } from './blobs.ts'
import { digestHex } from './digest.ts'
import { inParallel } from './in-parallel.ts'
import type { Descriptor, ImageConfiguration, Manifest } from './manifest.ts'
import { parseConfiguration } from './parse-manifest.ts'
import { readReference, writeReference } from './references.ts'
import { listStoredImages, readStoredImage, type StoredImage, whileArriving, withStoreLock, writeStoredImage } from './store.ts'
import { unpackLayer } from './unpack.ts'

const PARALLEL_LAYERS = 3

export type LayerEvent = { layer: string; state: 'waiting' | 'exists' | 'complete' }

export interface Arrival {
  context: Context
  identity: Identity
  /** Exact bytes; the digest of them is that of the image's manifest. */
  manifestBytes: Uint8Array
  manifest: Manifest
  mediaType: string
  /** Opens a blob of the manifest; what comes is verified here. */
  open(descriptor: Descriptor): AsyncIterable<Uint8Array>
  /** In messages: `docker.io/library/busybox:latest`. */
  what: string
  /** Normalised names that shall point to the image; those that point elsewhere are moved. */
  references: string[]
  onLayer?: (event: LayerEvent) => void
}

export interface Added {
  image: StoredImage
  /** Whether nothing had to be done but perhaps naming it. */
  present: boolean
  /** Names that pointed to other images before. */
  moved: { reference: string; from: string }[]
}

/**
 * Brings an image into the store: blobs as they come, layers unpacked while they stream. It is seen by others when all
 * of it is there. Throws BLOB_MISMATCH, BAD_MANIFEST, DISK_FULL, what `open` and the unpacking throw.
 */
export async function addImage(arrival: Arrival): Promise<Added> {
  try {
    return await whileArriving(arrival.context, () => add(arrival))
  } catch (error) {
    throw diskFull(arrival.context, error) ?? error
  }
}

async function add(arrival: Arrival): Promise<Added> {
  const { context, manifest } = arrival
  const id = manifest.config.digest
  const manifestDigest = await putBlob(context, arrival.manifestBytes)
  const configuration = await fetchConfiguration(arrival)
  const known = await knownLayers(context)
  const before = await readStoredImage(context, id)
  let fetched = false

  const pairs = configuration.rootfs.diff_ids.map((diffId, at) => ({ diffId, descriptor: manifest.layers[at]! }))
  const unique = [...new Map(pairs.map((pair) => [`${pair.diffId} ${pair.descriptor.digest}`, pair])).values()]
  const sizes = new Map<string, number>()
  for (const { descriptor } of unique) arrival.onLayer?.({ layer: descriptor.digest, state: 'waiting' })
  await inParallel(unique, PARALLEL_LAYERS, async ({ diffId, descriptor }) => {
    const { size, present } = await fetchLayer(arrival, diffId, descriptor, known.get(diffId))
    sizes.set(diffId, size)
    if (!present) fetched = true
    arrival.onLayer?.({ layer: descriptor.digest, state: present ? 'exists' : 'complete' })
  })

  const layers = pairs.map(({ diffId, descriptor }) => ({ diffId, blob: descriptor.digest, size: sizes.get(diffId) ?? 0 }))
  const image: StoredImage = {
    version: 1,
    id,
    manifest: { mediaType: arrival.mediaType, digest: manifestDigest, size: arrival.manifestBytes.length },
    layers,
    size: layers.reduce((sum, layer) => sum + layer.size, 0),
    created: configuration.created ?? '',
    stored: new Date().toISOString(),
  }
  const present = !fetched && before?.manifest.digest === manifestDigest
  const moved = await withStoreLock(context, async () => {
    if (!present || (await readStoredImage(context, id)) === undefined) await writeStoredImage(context, image)
    return nameImage(context, image, arrival.references)
  })
  return { image: present && before !== undefined ? before : image, present, moved }
}

/** The caller holds the store's lock. */
export async function nameImage(context: Context, image: StoredImage, references: readonly string[], index?: Descriptor): Promise<Added['moved']> {
  const moved: Added['moved'] = []
  for (const reference of references) {
    const old = await readReference(context, reference)
    if (old?.image === image.id && old.digest === image.manifest.digest && old.index?.digest === index?.digest) continue
    if (old !== undefined && old.image !== image.id) moved.push({ reference, from: old.image })
    await writeReference(context, { reference, image: image.id, digest: image.manifest.digest, ...(index === undefined ? {} : { index }) })
  }
  return moved
}

async function fetchConfiguration({ context, manifest, open, what }: Arrival): Promise<ImageConfiguration> {
  const { digest, size } = manifest.config
  if ((await blobSize(context, digest)) === undefined) {
    await whileFetching(context, digest, async () => {
      if ((await blobSize(context, digest)) === undefined)
        await storeBlob(context, { digest, size, what: `configuration ${digest} of ${what}` }, open(manifest.config))
    })
  }
  return parseConfiguration(await readBlob(context, digest), what, manifest.layers.length)
}

/** Sizes of the layers that other images have unpacked. */
async function knownLayers(context: Context): Promise<Map<string, number>> {
  return new Map((await listStoredImages(context)).flatMap(({ layers }) => layers.map(({ diffId, size }) => [diffId, size] as const)))
}

/** Brings a layer, as a blob and unpacked, where it is not yet; the caller keeps collectors away. `size`: bytes, unpacked. */
export async function fetchLayer(
  arrival: Pick<Arrival, 'context' | 'identity' | 'open' | 'what'>,
  diffId: string,
  descriptor: Descriptor,
  knownSize?: number,
): Promise<{ size: number; present: boolean }> {
  const { context } = arrival
  return whileFetching(context, diffId, async () => {
    const [here, unpacked] = await Promise.all([blobSize(context, descriptor.digest), isUnpacked(context, diffId)])
    const size = unpacked ? (knownSize ?? (await knownLayers(context)).get(diffId)) : undefined
    if (here !== undefined && size !== undefined) return { size, present: true }
    const unpack = async (blob: AsyncIterable<Uint8Array>) => (await unpackLayer({ context, identity: arrival.identity, blob, diffId })).size
    if (here !== undefined) return { size: await unpack(streamBlob(context, descriptor.digest)), present: false }
    const expected = { digest: descriptor.digest, size: descriptor.size, what: `layer ${descriptor.digest} of ${arrival.what}` }
    const unpackedSize = await storeBlob(context, expected, arrival.open(descriptor), size === undefined ? unpack : undefined)
    return { size: size ?? unpackedSize!, present: false }
  })
}

/** Whoever comes second to the same blob or layer waits here, and finds it done. */
async function whileFetching<T>(context: Context, digest: string, fn: () => Promise<T>): Promise<T> {
  await mkdir(temporaryDir(context.paths), { recursive: true, mode: 0o700 })
  return withPassingLock(`${temporaryDir(context.paths)}/${TEMPORARY_PREFIX}lock-${digestHex(digest)}`, fn)
}

const isUnpacked = (context: Context, diffId: string): Promise<boolean> =>
  stat(layerDiff(context.paths, diffId)).then(
    () => true,
    () => false,
  )

/** What a full disk or quota is to the user; undefined for anything else. */
export function diskFull(context: Context, error: unknown): LichenError | undefined {
  const code = (error as NodeJS.ErrnoException).code
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined
  return new LichenError(`${code === 'ENOSPC' ? 'no space is left' : 'your disk quota is used up'} in ${context.paths.data}`, {
    code: 'DISK_FULL',
    hint: 'remove images (lichen rmi) or containers (lichen rm), or give a data root elsewhere: --root PATH',
    cause: error,
  })
}
