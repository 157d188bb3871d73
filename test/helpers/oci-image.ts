import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Header } from 'tar'

/** Name in the layer, and content; one that ends in "/" is a folder. */
export type LayerFiles = Record<string, string | Uint8Array>

export interface MadeImage {
  /** Of the OCI layout. */
  folder: string
  manifestDigest: string
  configDigest: string
  layers: { digest: string; diffId: string; size: number }[]
}

export interface ImageRecipe {
  layers: LayerFiles[]
  config?: Record<string, unknown>
  architecture?: string
  tag?: string
  compress?: boolean
}

/** Writes an OCI layout with one image, tagged, to a folder; the same recipe makes the same digests. */
export async function makeImage(folder: string, recipe: ImageRecipe): Promise<MadeImage> {
  const { layers, config = {}, architecture = 'amd64', tag = 'latest', compress = true } = recipe
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true })
  const put = async (bytes: Uint8Array) => {
    const digest = digestOf(bytes)
    await writeFile(join(folder, 'blobs/sha256', digest.slice('sha256:'.length)), bytes)
    return { digest, size: bytes.length }
  }
  const stored = []
  for (const files of layers) {
    const tar = makeTar(files)
    const blob = await put(compress ? gzipSync(tar, { level: 1 }) : tar)
    stored.push({ ...blob, diffId: digestOf(tar) })
  }
  const configuration = {
    created: '2026-01-02T03:04:05Z',
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: stored.map(({ diffId }) => diffId) },
  }
  const configBlob = await put(Buffer.from(JSON.stringify(configuration)))
  const layerType = `application/vnd.oci.image.layer.v1.tar${compress ? '+gzip' : ''}`
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...configBlob },
    layers: stored.map(({ digest, size }) => ({ mediaType: layerType, digest, size })),
  }
  const manifestBlob = await put(Buffer.from(JSON.stringify(manifest)))
  const index = { schemaVersion: 2, manifests: [{ mediaType: manifest.mediaType, ...manifestBlob, annotations: { 'org.opencontainers.image.ref.name': tag } }] }
  await writeFile(join(folder, 'index.json'), JSON.stringify(index))
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  return { folder, manifestDigest: manifestBlob.digest, configDigest: configBlob.digest, layers: stored }
}

export const digestOf = (bytes: Uint8Array | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

function makeTar(files: LayerFiles): Buffer {
  const parts: Buffer[] = []
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    const folder = path.endsWith('/')
    const header = new Header({
      path,
      mode: folder ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      size: folder ? 0 : bytes.length,
      mtime: new Date(0),
      type: folder ? 'Directory' : 'File',
    })
    const block = Buffer.alloc(512)
    header.encode(block)
    parts.push(block)
    if (!folder) parts.push(bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512))
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}
