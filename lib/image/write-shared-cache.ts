import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { putBlob } from './blobs.ts'
import type { Descriptor, Manifest } from './manifest.ts'
import { OCI_MANIFEST } from './media-types.ts'
import { parseReference } from './reference.ts'
import { askEndpoints } from './registry/ask-endpoints.ts'
import { sendImage } from './send-image.ts'
import { storeInLayout } from './store-place.ts'

export interface SharedContent {
  configuration: Buffer
  /** Of the configuration. */
  mediaType: string
  /** Layers whose blobs are in the store. */
  layers: { diffId: string; blob: Descriptor; size: number }[]
}

export type SharedTarget = { kind: 'registry'; reference: string } | { kind: 'local'; path: string; tag: string }

/** Writes a manifest of layers that is no image; gives its digest. The caller keeps collectors away. Throws what pushing and storeInLayout throw, BAD_REFERENCE. */
export async function writeSharedCache(context: Context, target: SharedTarget, { configuration, mediaType, layers }: SharedContent): Promise<string> {
  const config = { mediaType, digest: await putBlob(context, configuration), size: configuration.length }
  const document: Manifest & { artifactType: string } = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: mediaType,
    config,
    layers: layers.map(({ blob: { mediaType: type, digest, size } }) => ({ mediaType: type, digest, size })),
  }
  const bytes = Buffer.from(JSON.stringify(document))
  const manifest = { mediaType: OCI_MANIFEST, digest: await putBlob(context, bytes), size: bytes.length }
  const image = { id: config.digest, manifest, layers: layers.map(({ diffId, blob, size }) => ({ diffId, blob: blob.digest, size })) }
  if (target.kind === 'local') {
    await storeInLayout({ context, image, path: target.path }, target.tag)
    return manifest.digest
  }
  const reference = parseReference(target.reference)
  if (reference.digest !== undefined)
    throw new LichenError(`${target.reference}: a cache is written under a tag`, { code: 'BAD_REFERENCE', exitCode: 1, hint: 'ref=NAME:TAG' })
  const sending = { context, image, manifest: document, bytes, sources: new Map<string, string>(), reference, onEvent: () => {} }
  await askEndpoints({ context, reference, action: 'push' }, (talk) => sendImage(talk, sending))
  return manifest.digest
}
