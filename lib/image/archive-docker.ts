import { type Archive, type ArchiveFile, badArchive, readArchiveFile } from './archive.ts'
import { type ArchiveImage, archiveNames } from './archive-image.ts'
import { buildManifest } from './build-manifest.ts'
import { type Compression, compressionOf } from './compression.ts'
import { sha256 } from './digest.ts'
import type { Descriptor } from './manifest.ts'
import { OCI_CONFIG, OCI_LAYER } from './media-types.ts'
import { CONFIGURATION_LIMIT, MANIFEST_LIMIT, parseConfiguration } from './parse-manifest.ts'

/** One image in the manifest.json of `docker save`. */
export interface SavedImage {
  Config: string
  RepoTags: string[]
  Layers: string[]
}

/** Undefined where the archive has none. Throws BAD_ARCHIVE. */
export async function readSavedImages(archive: Archive): Promise<SavedImage[] | undefined> {
  const file = await archive.find('manifest.json')
  if (file === undefined) return undefined
  const bytes = await readArchiveFile(file, 'manifest.json', MANIFEST_LIMIT)
  let entries: unknown
  try {
    entries = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw badArchive(`its manifest.json is not valid JSON: ${(error as Error).message}`)
  }
  if (!Array.isArray(entries)) throw badArchive('its manifest.json is no list of images')
  return entries.map((entry: Partial<SavedImage> | null) => {
    const { Config, RepoTags, Layers } = entry ?? {}
    if (typeof Config !== 'string' || !isStrings(Layers ?? []) || !isStrings(RepoTags ?? []))
      throw badArchive('an image in its manifest.json lacks Config or Layers')
    return { Config, RepoTags: RepoTags ?? [], Layers: Layers ?? [] }
  })
}

const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((entry) => typeof entry === 'string')

/**
 * An image out of manifest.json. There is no manifest to keep, so one is made: always the same of the same files. The
 * configuration stays byte for byte, and with it the id.
 */
export async function dockerImage(archive: Archive, saved: SavedImage): Promise<ArchiveImage> {
  const configFile = await archive.find(saved.Config)
  if (configFile === undefined) throw badArchive(`it lacks ${saved.Config}, the configuration of an image`)
  const config = await readArchiveFile(configFile, saved.Config, CONFIGURATION_LIMIT)
  const { rootfs } = parseConfiguration(config, saved.Config, saved.Layers.length)
  const blobs = new Map<string, ArchiveFile>([[sha256(config), configFile]])
  const layers: Descriptor[] = []
  for (const [at, path] of saved.Layers.entries()) {
    const file = await archive.find(path)
    if (file === undefined) throw badArchive(`it lacks ${path}, a layer of an image`)
    const layer = await describeLayer(file, rootfs.diff_ids[at]!)
    blobs.set(layer.digest, file)
    layers.push(layer)
  }
  const built = buildManifest({ mediaType: OCI_CONFIG, digest: sha256(config), size: config.length }, layers)
  return { ...built, made: true, names: saved.RepoTags, references: archiveNames(saved.RepoTags, built.digest), find: async ({ digest }) => blobs.get(digest) }
}

/** An uncompressed layer is named by its diffId, which is verified when it is read; another one must be read to be named. */
async function describeLayer(file: ArchiveFile, diffId: string): Promise<Descriptor> {
  const compression = await compressionOf(file.stream())
  const digest = compression === 'none' ? diffId : await file.digest()
  return { mediaType: `${OCI_LAYER}${suffixes[compression] ?? ''}`, digest, size: file.size }
}

const suffixes: Partial<Record<Compression, string>> = { gzip: '+gzip', zstd: '+zstd' }
