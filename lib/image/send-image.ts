import { createReadStream } from 'node:fs'
import type { Context } from '../system/context.ts'
import { blobPath } from './blobs.ts'
import { inParallel } from './in-parallel.ts'
import type { Manifest } from './manifest.ts'
import type { PushEvent } from './push.ts'
import type { Reference } from './reference.ts'
import type { Talk } from './registry/ask-endpoints.ts'
import { putManifest } from './registry/manifests.ts'
import { uploadBlob } from './registry/upload.ts'
import type { StoredImage } from './store.ts'

const PARALLEL_UPLOADS = 3

export interface Sending {
  context: Context
  image: Pick<StoredImage, 'manifest' | 'layers'>
  manifest: Manifest
  bytes: Buffer
  /** Digest of a blob -> a repository of the same registry that has it. */
  sources: ReadonlyMap<string, string>
  reference: Reference
  onEvent(event: PushEvent): void
}

/** Brings blobs to a repository, and the manifest once they are there. Throws what uploadBlob and putManifest throw. */
export async function sendImage({ session, asked }: Talk, { context, image, manifest, bytes, sources, reference, onEvent }: Sending): Promise<void> {
  const layerOf = new Map(image.layers.map(({ blob, diffId }) => [blob, diffId]))
  const blobs = new Map([...manifest.layers, manifest.config].map((descriptor) => [descriptor.digest, descriptor]))
  await inParallel([...blobs.values()], PARALLEL_UPLOADS, async ({ digest, size }) => {
    const layer = layerOf.get(digest)
    const from = sources.get(digest)
    const uploaded = await uploadBlob(session, asked, {
      digest,
      size,
      what: `${layer === undefined ? 'configuration' : 'layer'} ${digest} of ${asked.name}`,
      read: (start) => createReadStream(blobPath(context, digest), { start, highWaterMark: 256 * 1024 }),
      mountFrom: from === undefined ? [] : [from],
      onProgress: (current) => layer !== undefined && onEvent({ kind: 'progress', layer, current, total: size }),
    })
    if (layer !== undefined) onEvent({ kind: 'layer', layer, state: uploaded })
  })
  await putManifest(session, asked, { tag: reference.tag ?? image.manifest.digest, bytes, mediaType: image.manifest.mediaType, digest: image.manifest.digest })
}
