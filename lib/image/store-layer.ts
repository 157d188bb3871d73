import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import type { BuiltLayer } from './add-built.ts'
import { adoptLayer } from './adopt-layer.ts'
import { storeNewBlob, streamBlob } from './blobs.ts'
import { OCI_LAYER } from './media-types.ts'
import { packTar } from './pack-tar.ts'
import { unpackLayer } from './unpack.ts'

export interface NewLayer {
  context: Context
  identity: Identity
  /** Entry records, as `runtime/view.ts` gives them of what a container has changed, or has. */
  records: AsyncIterable<Buffer>
  /** Of the blob; a layer of a build that nobody has pushed yet is read again more often than it is sent. */
  compression: 'none' | 'gzip'
  /** Seconds: no time is later. */
  latest?: number | undefined
  /** A folder that has already what the layer will have, and may become it; `bytes`, asked for in the end, is what its files have. */
  adopt?: { folder: string; bytes(): number } | undefined
  /** One that changes nothing is a layer, too. */
  keepEmpty?: boolean
}

/** The two empty blocks at the end of any archive. */
const EMPTY = 1024

/**
 * Makes a layer of entry records: its blob, and its files unpacked. Undefined where there is nothing in it, and such a layer is not wished. The caller keeps the store
 * from being collected (`whileArriving`). Throws what the records, storing and unpacking throw; then nothing is left.
 */
export async function storeLayer({ context, identity, records, compression, latest, adopt, keepEmpty = false }: NewLayer): Promise<BuiltLayer | undefined> {
  const hash = createHash('sha256')
  let packed = 0
  async function* tar() {
    for await (const part of packTar(records, { layer: true, ...(latest === undefined ? {} : { latest }) })) {
      // Without compression the blob's own digest is that of the tar.
      if (compression === 'gzip') hash.update(part)
      packed += part.length
      yield part
    }
  }
  let stored: { digest: string; size: number } | undefined
  const keep = async (bytes: AsyncIterable<Uint8Array>) => {
    stored = await storeNewBlob(context, bytes, async () => {})
  }
  if (compression === 'gzip') await pipeline(Readable.from(tar(), { objectMode: false, highWaterMark: 1 << 20 }), createGzip(), keep)
  else await keep(tar())
  const { digest, size } = stored!
  if (packed <= EMPTY && !keepEmpty) return undefined
  const diffId = compression === 'gzip' ? `sha256:${hash.digest('hex')}` : digest
  const blob = { mediaType: compression === 'gzip' ? `${OCI_LAYER}+gzip` : OCI_LAYER, digest, size }
  if (adopt !== undefined && (await adoptLayer({ context, identity, folder: adopt.folder, diffId }))) return { diffId, blob, size: adopt.bytes() }
  return { diffId, blob, size: (await unpackLayer({ context, identity, blob: streamBlob(context, digest), diffId })).size }
}
