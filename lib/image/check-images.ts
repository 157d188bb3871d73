import { stat, unlink } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { layerDiff } from '../system/paths.ts'
import { digestOf } from './archive.ts'
import { blobPath, blobSize, readBlob, streamBlob } from './blobs.ts'
import type { Manifest } from './manifest.ts'
import { listReferences, removeReference } from './references.ts'
import { imagePath, listImageIds, listStoredImages, readStoredImage, type StoredImage, withStoreLock } from './store.ts'

/** Something that is not as it should be. */
export interface Fault {
  what: string
  /** What `repair` does about it. */
  remedy: string
  repair(): Promise<void>
}

export interface CheckImagesInput {
  context: Context
  /** Reads every blob and compares its digest; else only that it is there, and its size. */
  thorough: boolean
  unpack(layer: { diffId: string; blob: string }): Promise<void>
}

/** What is wrong with images, their names, blobs and layers. The caller holds off the collector (whileArriving). */
export async function imageFaults(input: CheckImagesInput): Promise<Fault[]> {
  const { context } = input
  const faults: Fault[] = []
  const images = await listStoredImages(context, (id, error) => {
    faults.push({
      what: `the record of image ${id} can't be read: ${(error as Error).message}`,
      remedy: 'the image is removed',
      repair: () => forgetImage(context, id),
    })
  })
  const verdicts = new Map<string, string | undefined>()
  for (const image of images) faults.push(...(await faultsOf(input, image, verdicts)))
  return [...faults, ...(await referenceFaults(context))]
}

async function faultsOf({ context, thorough, unpack }: CheckImagesInput, image: StoredImage, verdicts: Map<string, string | undefined>): Promise<Fault[]> {
  const sizes = await layerBlobSizes(context, image)
  for (const [digest, size] of [[image.id, undefined], [image.manifest.digest, image.manifest.size], ...sizes] as const) {
    if (!verdicts.has(digest)) verdicts.set(digest, await blobFault(context, digest, size, thorough))
    const why = verdicts.get(digest)
    if (why === undefined) continue
    const repair = async () => {
      await forgetImage(context, image.id)
      await unlink(blobPath(context, digest)).catch(() => undefined)
    }
    return [{ what: `image ${image.id}: the blob ${digest} ${why}`, remedy: 'the image is removed; pull or load it again', repair }]
  }
  const missing = await Promise.all(image.layers.map(async (layer) => ((await isThere(layerDiff(context.paths, layer.diffId))) ? [] : [layer])))
  return missing.flat().map((layer) => ({
    what: `image ${image.id}: the layer ${layer.diffId} is not unpacked`,
    remedy: 'it is unpacked again',
    repair: async () => {
      if (!(await isThere(layerDiff(context.paths, layer.diffId)))) await unpack(layer)
    },
  }))
}

/** What the manifest says; of a manifest that can't be read nothing. */
async function layerBlobSizes(context: Context, image: StoredImage): Promise<[digest: string, size: number | undefined][]> {
  const manifest = await readBlob(context, image.manifest.digest)
    .then((bytes) => JSON.parse(bytes.toString('utf8')) as Manifest)
    .catch(() => undefined)
  return image.layers.map(({ blob }) => [blob, manifest?.layers?.find(({ digest }) => digest === blob)?.size])
}

async function blobFault(context: Context, digest: string, size: number | undefined, thorough: boolean): Promise<string | undefined> {
  const actual = await blobSize(context, digest)
  if (actual === undefined) return 'is missing'
  if (size !== undefined && actual !== size) return `has ${actual} bytes in place of ${size}`
  if (!thorough) return undefined
  return (await digestOf(streamBlob(context, digest))) === digest ? undefined : 'is damaged: its content has another digest'
}

async function referenceFaults(context: Context): Promise<Fault[]> {
  const faults: Fault[] = []
  const references = await listReferences(context, (path) => {
    faults.push({ what: `the name in ${path} can't be read`, remedy: 'it is removed', repair: () => unlink(path).catch(() => undefined) })
  })
  const ids = new Set(await listImageIds(context))
  for (const { reference, image } of references) {
    if (ids.has(image)) continue
    const repair = () =>
      withStoreLock(context, async () => {
        if ((await readStoredImage(context, image)) === undefined) await removeReference(context, reference).catch(() => undefined)
      })
    faults.push({ what: `${reference} is the name of an image that is not here`, remedy: 'the name is removed', repair })
  }
  return faults
}

/** Record and names; its files are left to the collector. */
const forgetImage = (context: Context, id: string): Promise<void> =>
  withStoreLock(context, async () => {
    for (const { reference, image } of await listReferences(context)) if (image === id) await removeReference(context, reference)
    await unlink(imagePath(context, id)).catch(() => undefined)
  })

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
