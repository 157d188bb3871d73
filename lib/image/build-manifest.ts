import { sha256 } from './digest.ts'
import type { Descriptor, Manifest } from './manifest.ts'
import { OCI_MANIFEST } from './media-types.ts'

/** A manifest for what came without one: the same bytes for the same descriptors, and those that Docker 25 writes. */
export function buildManifest(config: Descriptor, layers: Descriptor[]): { manifest: Manifest; manifestBytes: Uint8Array; digest: string; mediaType: string } {
  const plain = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size })
  const manifest: Manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: plain(config), layers: layers.map(plain) }
  const manifestBytes = Buffer.from(JSON.stringify(manifest))
  return { manifest, manifestBytes, digest: sha256(manifestBytes), mediaType: OCI_MANIFEST }
}
