import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { blobSize, readBlob, streamBlob } from './blobs.ts'
import { digestHex } from './digest.ts'
import { notFound, requireMatch } from './find.ts'
import { indexMembers } from './image-index.ts'
import type { Descriptor } from './manifest.ts'
import { OCI_INDEX } from './media-types.ts'
import { familiarName, familiarReference, fullName, parseReference } from './reference.ts'
import { listReferences } from './references.ts'
import { readStoredImage, type StoredImage } from './store.ts'
import { type Member, writeTar } from './tar-writer.ts'

export type ArchiveFormat = 'docker-archive' | 'oci-archive'

/** An image to be saved, with the names that it shall have in the archive, normalised. */
export interface Saving {
  image: StoredImage
  references: string[]
  /** They mean images of several platforms, of which `image` is one. */
  several?: { index: Descriptor; images: readonly StoredImage[] }
}

/**
 * What the words of a command line mean: an id gives an image without a name, `name:tag` one with that name, and a bare
 * name all of its tags, as in Docker. Throws IMAGE_NOT_FOUND.
 */
export async function imagesToSave(context: Context, words: readonly string[]): Promise<Saving[]> {
  const found = new Map<string, Saving>()
  for (const word of words) {
    const named = await namesMeant(context, word)
    for (const { id, reference, index } of named) {
      const image = await readStoredImage(context, id)
      if (image === undefined) throw notFound(word)
      const several = index === undefined ? {} : { several: { index, images: await membersHere(context, index) } }
      const saving: Saving = found.get(id) ?? { image, references: [], ...several }
      if (reference !== undefined && !saving.references.includes(reference)) saving.references.push(reference)
      found.set(id, saving)
    }
  }
  return [...found.values()]
}

async function membersHere(context: Context, index: Descriptor): Promise<StoredImage[]> {
  return (await indexMembers(context, index)).flatMap(({ image }) => (image === undefined ? [] : [image]))
}

async function namesMeant(context: Context, word: string): Promise<{ id: string; reference: string | undefined; index: Descriptor | undefined }[]> {
  if (!/[:@]/.test(word.replace(/^.*\//, ''))) {
    const repository = tryFullName(word)
    const tags = (await listReferences(context)).filter(({ reference }) => {
      const parsed = parseReference(reference)
      return fullName(parsed) === repository && parsed.digest === undefined
    })
    if (tags.length > 0) return tags.map(({ image, reference, index }) => ({ id: image, reference, index }))
  }
  const { id, reference } = await requireMatch(context, word)
  const isTag = reference !== undefined && parseReference(reference.reference).digest === undefined
  return [{ id, reference: isTag ? reference.reference : undefined, index: isTag ? reference.index : undefined }]
}

function tryFullName(word: string): string | undefined {
  try {
    return fullName(parseReference(word))
  } catch {
    return undefined
  }
}

/**
 * The archive, byte for byte the same of the same images: an OCI layout with manifests and layers as they came. A
 * docker-archive has a manifest.json beside it, for readers that know nothing else, as Docker 25 and later write it.
 */
export async function* saveArchive(context: Context, savings: readonly Saving[], format: ArchiveFormat): AsyncGenerator<Uint8Array, void, void> {
  yield* writeTar(await membersOf(context, savings, format))
}

async function membersOf(context: Context, savings: readonly Saving[], format: ArchiveFormat): Promise<Member[]> {
  const blobs = new Map<string, number>()
  for (const image of savings.flatMap(({ image, several }) => several?.images ?? [image])) {
    for (const digest of [image.id, image.manifest.digest, ...image.layers.map(({ blob }) => blob)]) blobs.set(digest, await sizeOf(context, digest))
  }
  for (const { several } of savings) if (several !== undefined) blobs.set(several.index.digest, several.index.size)
  const document = (path: string, value: unknown): Member => {
    const content = Buffer.from(JSON.stringify(value))
    return { path, size: content.length, content: [content] }
  }
  return [
    { path: 'blobs/', size: 0 },
    { path: 'blobs/sha256/', size: 0 },
    ...[...blobs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([digest, size]) => ({ path: path(digest), size, content: lazily(() => streamBlob(context, digest)) })),
    document('index.json', { schemaVersion: 2, mediaType: OCI_INDEX, manifests: savings.flatMap((saving) => descriptors(saving, format)) }),
    ...(format === 'docker-archive' ? [document('manifest.json', await Promise.all(savings.map((saving) => savedImage(context, saving))))] : []),
    document('oci-layout', { imageLayoutVersion: '1.0.0' }),
    ...(format === 'docker-archive' ? [document('repositories', repositories(savings))] : []),
  ]
}

const path = (digest: string) => `blobs/sha256/${digestHex(digest)}`

/** Opened when its turn comes, not all at once. */
const lazily = (open: () => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => ({ [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator]() })

async function sizeOf(context: Context, digest: string): Promise<number> {
  const size = await blobSize(context, digest)
  if (size !== undefined) return size
  throw new LichenError(`the store lacks the blob ${digest}`, { code: 'BLOB_MISSING', hint: 'lichen system check --repair' })
}

/** One for each name, or one without. Docker has the tag alone in OCI's annotation, podman the whole name. */
function descriptors({ image, references, several }: Saving, format: ArchiveFormat): object[] {
  const { mediaType, digest, size } = several?.index ?? image.manifest
  if (references.length === 0) return [{ mediaType, digest, size }]
  return references.map((reference) => {
    const name = format === 'oci-archive' ? familiarReference(parseReference(reference)) : parseReference(reference).tag
    return { mediaType, digest, size, annotations: { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': name } }
  })
}

async function savedImage(context: Context, { image, references }: Saving): Promise<object> {
  const manifest = JSON.parse((await readBlob(context, image.manifest.digest)).toString('utf8')) as {
    layers: { mediaType: string; digest: string; size: number }[]
  }
  const sources = manifest.layers.map(({ mediaType, digest, size }, at) => [image.layers[at]?.diffId, { mediaType, size, digest }] as const)
  return {
    Config: path(image.id),
    RepoTags: references.length === 0 ? null : references.map((reference) => familiarReference(parseReference(reference))),
    Layers: image.layers.map(({ blob }) => path(blob)),
    LayerSources: Object.fromEntries(sources),
  }
}

/** For readers of before manifest.json: names, to the topmost layer. */
function repositories(savings: readonly Saving[]): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {}
  for (const { image, references } of savings) {
    const top = digestHex(image.layers.at(-1)?.blob ?? image.id)
    for (const reference of references.map(parseReference)) {
      const name = familiarName(reference)
      all[name] = { ...all[name], [reference.tag ?? 'latest']: top }
    }
  }
  return all
}
