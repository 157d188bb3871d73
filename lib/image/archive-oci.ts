import { type Archive, badArchive, readArchiveBlob, readArchiveFile } from './archive.ts'
import { type ArchiveImage, archiveNames, isNamed, layoutPath, missingBlob } from './archive-image.ts'
import type { Descriptor, Platform } from './manifest.ts'
import { indexTypes } from './media-types.ts'
import { MANIFEST_LIMIT, parseManifest } from './parse-manifest.ts'
import { choosePlatform } from './platform.ts'

export interface PlatformChoice {
  wanted: Platform
  /** Somebody asked for it; else it is the host's. */
  explicit: boolean
}

const NESTING_LIMIT = 8

/**
 * The images of an OCI layout: one for each name in index.json, and one for each manifest without a name. Where several
 * platforms have one name, the fitting one. `only`: those of that name, or `@DIGEST`. Throws BAD_MANIFEST, BLOB_MISSING, BLOB_MISMATCH, NO_SUCH_PLATFORM.
 */
export async function ociImages(archive: Archive, platform: PlatformChoice, only?: string): Promise<ArchiveImage[]> {
  const file = await archive.find('index.json')
  if (file === undefined) throw badArchive('it has no index.json')
  const parsed = parseManifest(await readArchiveFile(file, 'index.json', MANIFEST_LIMIT), 'index.json')
  if (parsed.kind !== 'index') throw badArchive('its index.json is a manifest, not an index')
  const found = new Map<string, { descriptor: Descriptor; bytes: Buffer; names: string[] }>()
  const byDigest = only?.startsWith('@') ? await withDigest(archive, only.slice(1)) : undefined
  for (const [name, descriptors] of byDigest ?? byName(parsed.index.manifests)) {
    if (byDigest === undefined && only !== undefined && !isNamed(name, only)) continue
    for (const group of name === undefined ? unnamedGroups(descriptors) : [descriptors]) {
      const { descriptor, bytes } = await chooseManifest(archive, group, platform)
      const names = name === undefined ? [] : [name]
      found.set(descriptor.digest, { descriptor, bytes, names: [...(found.get(descriptor.digest)?.names ?? []), ...names] })
    }
  }
  return [...found.values()].map(({ descriptor, bytes, names }) => ({
    ...readManifest(archive, descriptor, bytes),
    names,
    references: archiveNames(names, descriptor.digest),
  }))
}

/** Whether index.json names it or not; what it is tells its content. */
async function withDigest(archive: Archive, digest: string): Promise<[undefined, Descriptor[]][]> {
  const file = await archive.find(layoutPath(digest))
  return file === undefined ? [] : [[undefined, [{ mediaType: '', digest, size: file.size }]]]
}

/** containerd's and Docker's annotation has the whole name; the OCI one has it, or but a tag. */
function nameOf({ annotations }: Descriptor): string | undefined {
  const name = annotations?.['io.containerd.image.name'] ?? annotations?.['org.opencontainers.image.ref.name']
  return typeof name === 'string' && name !== '' ? name : undefined
}

function byName(descriptors: readonly Descriptor[]): Map<string | undefined, Descriptor[]> {
  const groups = new Map<string | undefined, Descriptor[]>()
  for (const descriptor of descriptors) groups.set(nameOf(descriptor), [...(groups.get(nameOf(descriptor)) ?? []), descriptor])
  return groups
}

/** Manifests that tell their platforms apart are one image; others are one each. */
const unnamedGroups = (descriptors: readonly Descriptor[]): Descriptor[][] =>
  descriptors.every(({ platform }) => platform !== undefined) ? [[...descriptors]] : descriptors.map((descriptor) => [descriptor])

async function chooseManifest(archive: Archive, group: readonly Descriptor[], platform: PlatformChoice): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
  let descriptors = group
  for (let depth = 0; depth < NESTING_LIMIT; depth++) {
    const descriptor = descriptors.length === 1 ? descriptors[0]! : await chooseThere(archive, descriptors, platform)
    const bytes = await readArchiveBlob(archive, layoutPath(descriptor.digest), descriptor.digest, MANIFEST_LIMIT)
    if (bytes === undefined) throw missingBlob(descriptor.digest)
    const parsed = parseManifest(bytes, `manifest ${descriptor.digest}`, descriptor.mediaType)
    if (parsed.kind === 'manifest') return { descriptor, bytes }
    descriptors = parsed.index.manifests
    if (descriptors.length === 0) throw badArchive(`the index ${descriptor.digest} names no manifest`)
  }
  throw badArchive(`its indexes are nested more than ${NESTING_LIMIT} deep`)
}

/** Tools save an index whole, and of its manifests only those that they have. */
async function chooseThere(archive: Archive, descriptors: readonly Descriptor[], { wanted, explicit }: PlatformChoice): Promise<Descriptor> {
  const there: Descriptor[] = []
  for (const descriptor of descriptors) if ((await archive.find(layoutPath(descriptor.digest))) !== undefined) there.push(descriptor)
  const images = there.filter(({ platform, mediaType }) => platform?.os !== 'unknown' || indexTypes.includes(mediaType))
  if (!explicit && images.length === 1) return images[0]!
  const manifests = images.length === 0 ? [...descriptors] : images
  return choosePlatform({ schemaVersion: 2, manifests }, wanted, 'the archive')
}

function readManifest(archive: Archive, { digest, mediaType }: Descriptor, bytes: Buffer): Omit<ArchiveImage, 'references' | 'names'> {
  const parsed = parseManifest(bytes, `manifest ${digest}`, mediaType)
  if (parsed.kind !== 'manifest') throw badArchive(`${digest} is an index`)
  return { manifestBytes: bytes, digest, manifest: parsed.manifest, mediaType: parsed.mediaType, find: (blob) => archive.find(layoutPath(blob.digest)) }
}
