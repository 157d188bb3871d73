import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { putBlob } from '../../lib/image/blobs.ts'
import { buildManifest } from '../../lib/image/build-manifest.ts'
import { writeReference } from '../../lib/image/references.ts'
import { type StoredImage, withStoreLock, writeStoredImage } from '../../lib/image/store.ts'
import type { Context } from '../../lib/system/context.ts'
import { containerPaths, layerDiff } from '../../lib/system/paths.ts'
import { configuration, digest } from './archives.ts'

/** Puts an image into the store as if it had been pulled: a layer a word, which has no more in it than that. */
export async function storeImage(
  context: Context,
  { layers, references = [], created = '2026-05-04T00:00:00Z' }: { layers: string[]; references?: string[]; created?: string },
): Promise<StoredImage> {
  const diffIds = layers.map((layer) => digest(`diff of ${layer}`))
  const text = configuration(diffIds, { created })
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: await putBlob(context, Buffer.from(text)), size: text.length }
  const descriptors = await Promise.all(
    layers.map(async (layer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: await putBlob(context, Buffer.from(layer)),
      size: layer.length,
    })),
  )
  for (const [at, diffId] of diffIds.entries()) {
    await mkdir(layerDiff(context.paths, diffId), { recursive: true })
    await writeFile(`${layerDiff(context.paths, diffId)}/file`, layers[at]!)
  }
  const { manifestBytes, mediaType } = buildManifest(config, descriptors)
  const image: StoredImage = {
    version: 1,
    id: config.digest,
    manifest: { mediaType, digest: await putBlob(context, manifestBytes), size: manifestBytes.length },
    layers: diffIds.map((diffId, at) => ({ diffId, blob: descriptors[at]!.digest, size: layers[at]!.length })),
    size: layers.join('').length,
    created,
    stored: created,
  }
  await withStoreLock(context, async () => {
    await writeStoredImage(context, image)
    for (const reference of references) await writeReference(context, { reference, image: image.id, digest: image.manifest.digest })
  })
  return image
}

/** A container that does not run, of so much record as listings read. */
export async function storeContainer(context: Context, id: string, image: StoredImage): Promise<void> {
  const paths = containerPaths(context.paths, id)
  await mkdir(paths.dir, { recursive: true })
  const record = {
    version: 1,
    id,
    name: 'box',
    created: '2026-05-04T00:00:00Z',
    image: { id: image.id, reference: 'x', config: {}, layers: image.layers.map(({ diffId }) => diffId) },
    options: {},
    mounts: [],
  }
  await writeFile(paths.record, JSON.stringify(record))
}

/** Names in a folder, in order; none where there is no folder. */
export const names = (folder: string): Promise<string[]> =>
  readdir(folder).then(
    (found) => found.sort(),
    () => [],
  )
