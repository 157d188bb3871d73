import { createHash } from 'node:crypto'
import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { type Added, addImage, diskFull } from './add-image.ts'
import { ofSource } from './archive.ts'
import { putBlob, storeNewBlob, streamBlob } from './blobs.ts'
import { buildManifest } from './build-manifest.ts'
import { type Compression, peekCompression } from './compression.ts'
import { decompress } from './decompress.ts'
import { decompressAny } from './decompress-any.ts'
import type { Descriptor, ImageConfig, ImageConfiguration, Platform } from './manifest.ts'
import { OCI_CONFIG, OCI_LAYER } from './media-types.ts'
import { whileArriving } from './store.ts'
import { BLOCK, parseHeader } from './tar/header.ts'
import { TarError } from './tar/tar-error.ts'

export interface ImportInput {
  context: Context
  identity: Identity
  /** A tar of a root file system, plain, gzip, zstd, xz or bzip2. */
  bytes: AsyncIterable<Uint8Array>
  /** Where they come from, for messages. */
  what: string
  config: ImageConfig
  platform: Platform
  /** In the history. */
  message: string
  /** RFC 3339 */
  created: string
  /** Normalised names. */
  references: string[]
}

/**
 * Makes an image of one layer. The layer stays as it came, compressed or not; only xz and bzip2, which no layer may
 * have, are undone. Throws NOT_AN_ARCHIVE, DAMAGED_STREAM, what unpacking throws.
 */
export async function importRootfs(input: ImportInput): Promise<Added> {
  try {
    return await whileArriving(input.context, () => importNow(input))
  } catch (error) {
    throw ofSource(input.what, diskFull(input.context, error) ?? error)
  }
}

async function importNow({ context, identity, bytes, config, platform, message, created, references }: ImportInput): Promise<Added> {
  const layer = await keepLayer(context, bytes)
  const configuration: ImageConfiguration = {
    created,
    architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    os: platform.os,
    config,
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [{ created, comment: message }],
  }
  const text = Buffer.from(JSON.stringify(configuration))
  const { manifest, manifestBytes, mediaType } = buildManifest({ mediaType: OCI_CONFIG, digest: await putBlob(context, text), size: text.length }, [layer])
  return addImage({
    context,
    identity,
    manifestBytes,
    manifest,
    mediaType,
    open: ({ digest }) => streamBlob(context, digest),
    what: 'the imported image',
    references,
  })
}

const suffixes: Partial<Record<Compression, string>> = { gzip: '+gzip', zstd: '+zstd' }

/** The digests of what came and of what is in it are both known once it has passed. */
async function keepLayer(context: Context, source: AsyncIterable<Uint8Array>): Promise<Descriptor & { diffId: string }> {
  const { compression, bytes } = await peekCompression(source)
  const suffix = suffixes[compression]
  const layer = suffix === undefined ? decompressAny(bytes) : bytes
  const { digest, size, result: diffId } = await storeNewBlob(context, layer, (passing) => digestOfTar(decompress(passing)))
  return { mediaType: `${OCI_LAYER}${suffix ?? ''}`, digest, size, diffId }
}

/** Throws NOT_AN_ARCHIVE before much of something else is written. */
async function digestOfTar(tar: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  let head = Buffer.alloc(0)
  let checked = false
  for await (const part of tar) {
    hash.update(part)
    if (checked) continue
    head = Buffer.concat([head, part])
    if (head.length < BLOCK) continue
    checkHeader(head)
    checked = true
  }
  if (!checked) checkHeader(head)
  return `sha256:${hash.digest('hex')}`
}

function checkHeader(head: Buffer): void {
  try {
    if (head.length < BLOCK) throw new TarError('it is shorter than a header')
    parseHeader(head.subarray(0, BLOCK))
  } catch (cause) {
    if (!(cause instanceof TarError)) throw cause
    const hint = 'lichen import takes the tar of a root file system, plain or compressed'
    throw new LichenError(head.length === 0 ? 'it is empty' : 'it is not a tar archive', { code: 'NOT_AN_ARCHIVE', hint, cause })
  }
}
