/** Media types of images: OCI's and Docker's. No I/O. */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'

export const manifestTypes: readonly string[] = [OCI_MANIFEST, DOCKER_MANIFEST]
export const indexTypes: readonly string[] = [OCI_INDEX, DOCKER_LIST]
export const configTypes: readonly string[] = [OCI_CONFIG, DOCKER_CONFIG]

/** Compression is told from the bytes, not from the type: tools label it wrongly. */
export const layerTypes: readonly string[] = [
  ...['', '+gzip', '+zstd'].map((suffix) => OCI_LAYER + suffix),
  ...['', '.gzip', '.zstd'].map((suffix) => DOCKER_LAYER + suffix),
]

/** A layer's type in the other words, or in those of a new one: OCI's `+gzip` is Docker's `.gzip`. */
export function layerType(format: 'oci' | 'docker', compression: string): string {
  const [base, mark] = format === 'oci' ? [OCI_LAYER, '+'] : [DOCKER_LAYER, '.']
  return compression === '' ? base : `${base}${mark}${compression}`
}

export const compressionOfType = (mediaType: string): string => /[+.](gzip|zstd)$/.exec(mediaType)?.[1] ?? ''

/** Layers that may not be handed on, and stand on servers of their vendor. */
export const isForeignLayer = (mediaType: string): boolean =>
  /^application\/vnd\.(docker\.image\.rootfs\.foreign\.|oci\.image\.layer\.nondistributable\.)/.test(mediaType)
