import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { type Added, addImage, diskFull } from './add-image.ts'
import { type Archive, badArchive, ofSource } from './archive.ts'
import { dirImage, isDirLayout } from './archive-dir.ts'
import { dockerImage, readSavedImages, type SavedImage } from './archive-docker.ts'
import { type ArchiveImage, archiveNames, isNamed, layoutPath, missingBlob, openArchiveBlob } from './archive-image.ts'
import { ociImages, type PlatformChoice } from './archive-oci.ts'
import { type OnRead, openArchive, type Source, sourceName } from './archive-open.ts'
import { blobSize, readBlob } from './blobs.ts'
import type { Descriptor } from './manifest.ts'
import { parseConfiguration, parseManifest } from './parse-manifest.ts'
import { formatPlatform } from './platform.ts'
import type { PullEvent } from './pull.ts'
import { readStoredImage, whileArriving } from './store.ts'
import { watchLayer } from './watch-layer.ts'

export interface LoadInput {
  context: Context
  identity: Identity
  source: Source
  platform: PlatformChoice
  /** The image that has this name in the archive, and no other. */
  only?: string | undefined
  /** Which of them, and what they are called here; all of them by their own names where absent. */
  choose?: (images: readonly ArchiveImage[]) => ArchiveImage[]
  onEvent?: ((event: PullEvent) => void) | undefined
  /** Of an archive that has to be read from front to end first. */
  onRead?: OnRead | undefined
  /** An image is in the store and named. */
  onLoaded(loaded: Loaded): void
}

export interface Loaded extends Added {
  /** Normalised names that the archive gives it. */
  references: string[]
}

/**
 * Brings the images of a docker-archive or an OCI layout into the store, one after the other. Blobs of images
 * that failed stay until the next collection. Throws what is wrong with the archive, with its name in front.
 */
export async function loadArchive(input: LoadInput): Promise<void> {
  try {
    await whileArriving(input.context, () => load(input))
  } catch (error) {
    throw ofSource(sourceName(input.source), diskFull(input.context, error) ?? error)
  }
}

async function load({
  context,
  identity,
  source,
  platform,
  only,
  choose = (images) => [...images],
  onEvent = () => {},
  onRead,
  onLoaded,
}: LoadInput): Promise<void> {
  const archive = await openArchive(context, source, onRead)
  try {
    for (const found of choose(await imagesOf(archive, platform, only))) {
      const image = (found.made && (await asStored(context, found))) || found
      if (platform.explicit) await checkPlatform(image, platform)
      await adoptBlobs(context, image)
      const { manifestBytes, manifest, mediaType, references } = image
      const open = (descriptor: Descriptor) =>
        descriptor.digest === manifest.config.digest ? openArchiveBlob(image, descriptor) : watchLayer(openArchiveBlob(image, descriptor), descriptor, onEvent)
      const what = references[0] ?? 'the image'
      const added = await addImage({
        context,
        identity,
        manifestBytes,
        manifest,
        mediaType,
        open,
        what,
        references,
        onLayer: ({ layer, state }) => onEvent({ kind: 'layer', layer, state }),
      })
      onLoaded({ ...added, references })
    }
  } finally {
    await archive.close()
  }
}

/** Docker 25 and later write both: the OCI side has the manifest as it was, the other one more names. */
async function imagesOf(archive: Archive, platform: PlatformChoice, only: string | undefined): Promise<ArchiveImage[]> {
  if (await isDirLayout(archive)) return [await dirImage(archive)]
  const saved = (await readSavedImages(archive))?.filter(({ RepoTags }) => only === undefined || RepoTags.some((name) => isNamed(name, only)))
  if ((await archive.find('index.json')) !== undefined) {
    const images = (await ociImages(archive, platform, only)).map((image) => withSavedNames(image, saved ?? []))
    if (images.length > 0 || !saved?.length) return images
  }
  if (saved !== undefined) return Promise.all(saved.map((entry) => dockerImage(archive, entry)))
  if (archive.sample.some((path) => path === 'repositories' || /^[0-9a-f]{64}\/VERSION$/.test(path))) {
    throw badArchive('it is an image archive of a Docker before 1.10', 'load it into a newer Docker or podman and save it again')
  }
  throw new LichenError('it is no image archive: neither manifest.json nor index.json is in it', {
    code: 'NOT_AN_ARCHIVE',
    hint: 'docker save, podman save, skopeo and lichen save write such archives; lichen import takes the tar of a root file system',
  })
}

function withSavedNames(image: ArchiveImage, saved: readonly SavedImage[]): ArchiveImage {
  const entry = saved.find(({ Config }) => Config === layoutPath(image.manifest.config.digest))
  if (entry === undefined) return image
  return { ...image, references: [...new Set([...image.references, ...archiveNames(entry.RepoTags, image.digest)])] }
}

/** An image that is here keeps the manifest that it came with: one that was made for an archive names it in no registry. */
async function asStored(context: Context, image: ArchiveImage): Promise<ArchiveImage | undefined> {
  const stored = await readStoredImage(context, image.manifest.config.digest).catch(() => undefined)
  if (stored === undefined) return undefined
  for (const digest of [stored.id, stored.manifest.digest, ...stored.layers.map(({ blob }) => blob)])
    if ((await blobSize(context, digest)) === undefined) return undefined
  const manifestBytes = await readBlob(context, stored.manifest.digest)
  const parsed = parseManifest(manifestBytes, `manifest ${stored.manifest.digest}`, stored.manifest.mediaType)
  if (parsed.kind === 'index') return undefined
  const { names, references, find } = image
  return { manifestBytes, digest: stored.manifest.digest, manifest: parsed.manifest, mediaType: parsed.mediaType, names, references, find }
}

/** Blobs that were put aside need no copy. */
async function adoptBlobs(context: Context, image: ArchiveImage): Promise<void> {
  for (const descriptor of [image.manifest.config, ...image.manifest.layers]) {
    const file = await image.find(descriptor)
    if (file === undefined && (await blobSize(context, descriptor.digest)) === undefined) throw missingBlob(descriptor.digest)
    // What is not what its name says is told by addImage, which reads it.
    if (file?.adopt !== undefined && (await file.digest()) === descriptor.digest) await file.adopt()
  }
}

/** What names no platform beside its manifest says it in its configuration. */
async function checkPlatform(image: ArchiveImage, { wanted }: PlatformChoice): Promise<void> {
  const parts: Uint8Array[] = []
  for await (const part of openArchiveBlob(image, image.manifest.config)) parts.push(part)
  const { os, architecture, variant } = parseConfiguration(Buffer.concat(parts), 'the configuration', image.manifest.layers.length)
  if (os === wanted.os && architecture === wanted.architecture && (wanted.variant === undefined || variant === undefined || variant === wanted.variant)) return
  throw new LichenError(
    `${image.references[0] ?? 'an image in it'} is for ${formatPlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) })}, not for ${formatPlatform(wanted)}`,
    { code: 'NO_SUCH_PLATFORM' },
  )
}
