import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Context } from '../system/context.ts'
import { storeNewBlob } from './blobs.ts'
import { packTar } from './pack-tar.ts'

export interface PackedLayer {
  /** sha256:<hex> of the tar. */
  diffId: string
  /** sha256:<hex> of the blob, which is the tar in gzip. */
  digest: string
  size: number
}

/**
 * Makes a layer of entry records, as `runtime/view.ts` gives them of what a container has changed, and stores it. Undefined where there is
 * nothing in it. The caller keeps the store from being collected (`whileArriving`).
 */
export async function packLayer(context: Context, records: AsyncIterable<Buffer>): Promise<PackedLayer | undefined> {
  const hash = createHash('sha256')
  let bytes = 0
  async function* hashed() {
    for await (const part of packTar(records, { layer: true })) {
      hash.update(part)
      bytes += part.length
      yield part
    }
  }
  let stored: { digest: string; size: number } | undefined
  await pipeline(Readable.from(hashed(), { objectMode: false, highWaterMark: 1 << 20 }), createGzip(), async (packed) => {
    stored = await storeNewBlob(context, packed as AsyncIterable<Uint8Array>, async () => {})
  })
  // The two empty blocks at the end of any archive.
  if (bytes <= 1024) return undefined
  return { diffId: `sha256:${hash.digest('hex')}`, digest: stored!.digest, size: stored!.size }
}
