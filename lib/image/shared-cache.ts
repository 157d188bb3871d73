import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { type Archive, badArchive, readArchiveBlob, readArchiveFile } from './archive.ts'
import { layoutPath, missingBlob } from './archive-image.ts'
import { openArchive } from './archive-open.ts'
import { readBlob, streamBlob } from './blobs.ts'
import { sha256 } from './digest.ts'
import { gathered } from './gathered.ts'
import type { Descriptor, Manifest, Platform } from './manifest.ts'
import { configTypes } from './media-types.ts'
import { CONFIGURATION_LIMIT, MANIFEST_LIMIT, parseManifest } from './parse-manifest.ts'
import { choosePlatform } from './platform.ts'
import { formatReference, parseReference } from './reference.ts'
import { readReference } from './references.ts'
import { askEndpoints } from './registry/ask-endpoints.ts'
import { downloadBlob } from './registry/download.ts'
import { fetchManifest } from './registry/manifests.ts'
import { readStoredImage } from './store.ts'

/** Where the cache of other builds is: an image, or a manifest of its own, in a registry or in an OCI layout. */
export type SharedPlace = { kind: 'registry'; reference: string } | { kind: 'local'; path: string; tag: string; digest: string | undefined }

type OpenBlob = (descriptor: Descriptor) => AsyncIterable<Uint8Array>

export interface SharedManifest {
  manifest: Manifest
  configuration: Buffer
  /** Calls `use` with what opens blobs of the manifest; what comes is not verified. */
  withBlobs<T>(use: (open: OpenBlob) => Promise<T>): Promise<T>
}

export interface SharedWish {
  context: Context
  /** Of an index. */
  platform: Platform
  /** Types of configurations that are taken, beside those of images. */
  configs: readonly string[]
}

/** BuildKit's own, as an index or as a manifest. */
const BUILDKIT = 'application/vnd.buildkit.cacheconfig.v0'

/** Reads manifest and configuration, nothing else. Throws FOREIGN_CACHE, NO_SUCH_FILE, and what the registry's client and parseManifest throw. */
export async function readSharedCache(wish: SharedWish, place: SharedPlace): Promise<SharedManifest> {
  const name = place.kind === 'local' ? place.path : place.reference
  const withReader = place.kind === 'local' ? layoutReader(wish.context, place) : registryReader(wish.context, place.reference)
  const read = await withReader(async (reader) => {
    const manifest = await findManifest(reader, wish, name)
    return { manifest, configuration: await whole(reader.open(manifest.config), manifest.config, name) }
  })
  return { ...read, withBlobs: (use) => withReader(({ open }) => use(open)) }
}

/** Of an image that is here, as one that was pulled or loaded before. */
export async function readLocalImage({ context }: SharedWish, name: string): Promise<SharedManifest | undefined> {
  const named = await readReference(context, formatReference(parseReference(name)))
  const image = named === undefined ? undefined : await readStoredImage(context, named.image)
  if (image === undefined) return undefined
  const parsed = parseManifest(await readBlob(context, image.manifest.digest), name, image.manifest.mediaType)
  if (parsed.kind === 'index') return undefined
  const open: OpenBlob = ({ digest }) => streamBlob(context, digest)
  return { manifest: parsed.manifest, configuration: await readBlob(context, image.id), withBlobs: (use) => use(open) }
}

interface Reader {
  /** Undefined: of what was named. */
  manifest(digest: string | undefined): Promise<{ bytes: Buffer; mediaType: string | undefined }>
  open: OpenBlob
}

type WithReader = <T>(use: (reader: Reader) => Promise<T>) => Promise<T>

const registryReader =
  (context: Context, name: string): WithReader =>
  (use) => {
    const reference = parseReference(name)
    return askEndpoints({ context, reference, action: 'pull' }, ({ session, asked }) =>
      use({
        manifest: (digest) => fetchManifest(session, asked, digest ?? reference.digest ?? reference.tag!),
        open: (descriptor) => gathered(downloadBlob(session, asked, descriptor, 'blob')),
      }),
    )
  }

const layoutReader =
  (context: Context, { path, tag, digest: named }: Extract<SharedPlace, { kind: 'local' }>): WithReader =>
  async (use) => {
    const archive = await openArchive(context, { path })
    try {
      return await use({
        async manifest(digest = named) {
          const wanted = digest ?? (await taggedIn(archive, tag))
          const bytes = await readArchiveBlob(archive, layoutPath(wanted), wanted, MANIFEST_LIMIT)
          if (bytes === undefined) throw missingBlob(wanted)
          return { bytes, mediaType: undefined }
        },
        async *open({ digest }) {
          const file = await archive.find(layoutPath(digest))
          if (file === undefined) throw missingBlob(digest)
          yield* file.stream()
        },
      })
    } finally {
      await archive.close()
    }
  }

async function taggedIn(archive: Archive, tag: string): Promise<string> {
  const file = await archive.find('index.json')
  if (file === undefined) throw badArchive('it has no index.json')
  const parsed = parseManifest(await readArchiveFile(file, 'index.json', MANIFEST_LIMIT), 'index.json')
  const manifests = parsed.kind === 'index' ? parsed.index.manifests : []
  const found = manifests.find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag)
  if (found === undefined) throw badArchive(`its index.json names no ${JSON.stringify(tag)}`, 'tag=NAME')
  return found.digest
}

async function findManifest(reader: Reader, { platform, configs }: SharedWish, name: string): Promise<Manifest> {
  const parse = ({ bytes, mediaType }: Awaited<ReturnType<Reader['manifest']>>) => {
    if (bytes.includes(BUILDKIT)) throw foreign(name)
    return parseManifest(bytes, name, mediaType, [...configTypes, ...configs])
  }
  const top = parse(await reader.manifest(undefined))
  if (top.kind === 'manifest') return top.manifest
  const inner = parse(await reader.manifest(choosePlatform(top.index, platform, name).digest))
  if (inner.kind === 'manifest') return inner.manifest
  throw new LichenError(`${name}: an index in an index`, { code: 'BAD_MANIFEST' })
}

async function whole(bytes: AsyncIterable<Uint8Array>, { digest, size }: Descriptor, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let come = 0
  for await (const part of bytes) {
    come += part.length
    if (come > Math.min(size, CONFIGURATION_LIMIT)) break
    parts.push(part)
  }
  const all = Buffer.concat(parts)
  if (sha256(all) === digest) return all
  throw new LichenError(`the configuration of ${name} is not what was announced`, { code: 'BLOB_MISMATCH' })
}

const foreign = (name: string) =>
  new LichenError(`${name} is a cache of BuildKit, which keeps other keys: nothing of it can be used`, { code: 'FOREIGN_CACHE', exitCode: 1 })
