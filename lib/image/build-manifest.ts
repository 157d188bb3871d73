import { sha256 } from './digest.ts'
import type { Descriptor, Manifest } from './manifest.ts'
import { compressionOfType, DOCKER_CONFIG, DOCKER_MANIFEST, layerType, OCI_CONFIG, OCI_MANIFEST } from './media-types.ts'

export type ManifestFormat = 'oci' | 'docker'

interface BuiltManifest {
  manifest: Manifest
  manifestBytes: Uint8Array
  digest: string
  mediaType: string
}

/**
 * A manifest for what came without one: the same bytes for the same descriptors, and those that Docker 25 writes. With a `format` all types
 * are put into its words; without it they are OCI's, or what the descriptors say.
 */
export function buildManifest(config: Descriptor, layers: Descriptor[], format?: ManifestFormat): BuiltManifest {
  const plain = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size })
  const mediaType = format === 'docker' ? DOCKER_MANIFEST : OCI_MANIFEST
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType,
    config: plain(format === undefined ? config : { ...config, mediaType: format === 'docker' ? DOCKER_CONFIG : OCI_CONFIG }),
    layers: layers.map((layer) => plain(format === undefined ? layer : { ...layer, mediaType: layerType(format, compressionOfType(layer.mediaType)) })),
  }
  const manifestBytes = Buffer.from(JSON.stringify(manifest))
  return { manifest, manifestBytes, digest: sha256(manifestBytes), mediaType }
}
