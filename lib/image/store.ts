import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson, syncFolder, writeFileAtomic } from '../system/files.ts'
import { withFreeLock, withLock } from '../system/lock.ts'
import { imagesDir } from '../system/paths.ts'
import { access, mkdir, readdir, unlink } from '../system/small-files.ts'
import { digestHex, isDigest } from './digest.ts'
import type { Descriptor } from './manifest.ts'

/** `images/<hex of the id>.json`. It exists only when every blob and every unpacked layer does. */
export interface StoredImage {
  version: 1
  /** sha256:<hex> of the configuration. */
  id: string
  manifest: Descriptor
  /** Bottom first. `blob` is the digest of the layer as it came, `size` the bytes it has unpacked. */
  layers: { diffId: string; blob: string; size: number }[]
  /** Sum of the layers, bytes. */
  size: number
  /** RFC 3339; "" where the configuration has none. */
  created: string
  /** When it came into this store. */
  stored: string
  /** Id of the image that it was committed on. */
  parent?: string
}

export const imagePath = (context: Context, id: string): string => `${imagesDir(context.paths)}/${digestHex(id)}.json`

/** Serialises changes of names and images; held for a few file writes. */
export const withStoreLock = <T>(context: Context, fn: () => Promise<T>): Promise<T> => underLock(context, '.lock', 'exclusive', fn)

/** Keeps blobs and layers that no image names yet from being collected, while an image is on its way in. */
export const whileArriving = <T>(context: Context, fn: () => Promise<T>): Promise<T> => underLock(context, '.arriving', 'shared', fn)

/** Runs `fn` while nothing arrives and nothing changes; undefined, and `fn` not called, where something is on its way in. */
export async function whileNothingArrives<T>(context: Context, fn: () => Promise<T>): Promise<T | undefined> {
  await mkdir(imagesDir(context.paths), { recursive: true, mode: 0o700 })
  return withFreeLock(`${imagesDir(context.paths)}/.arriving`, 'exclusive', () => withStoreLock(context, fn))
}

async function underLock<T>(context: Context, name: string, mode: 'exclusive' | 'shared', fn: () => Promise<T>): Promise<T> {
  await mkdir(imagesDir(context.paths), { recursive: true, mode: 0o700 })
  return withLock(`${imagesDir(context.paths)}/${name}`, mode, fn)
}

/** Undefined where there is none. Throws BAD_DIGEST, BROKEN_JSON, BROKEN_RECORD. */
export async function readStoredImage(context: Context, id: string): Promise<StoredImage | undefined> {
  const image = await readJson<StoredImage>(imagePath(context, id))
  if (image === undefined || (image?.version === 1 && image.id === id && isDigest(image.manifest?.digest) && Array.isArray(image.layers))) return image
  throw new LichenError(`${imagePath(context, id)} is not the record of image ${id}`, { code: 'BROKEN_RECORD', hint: 'lichen system check --repair' })
}

/** Whether there is one, without reading it. */
export const hasImage = (context: Context, id: string): Promise<boolean> =>
  access(imagePath(context, id)).then(
    () => true,
    () => false,
  )

/** The caller holds the store's lock. */
export const writeStoredImage = (context: Context, image: StoredImage): Promise<void> =>
  writeFileAtomic(imagePath(context, image.id), `${JSON.stringify(image)}\n`, { fsync: true })

/** The caller holds the store's lock, and calls syncRecords() before it lets go of it. */
export const removeStoredImage = (context: Context, id: string): Promise<void> => unlink(imagePath(context, id))

/** Makes the going of records durable: none may come back to layers that were collected since. */
export const syncRecords = (context: Context): Promise<void> => syncFolder(imagesDir(context.paths))

/** Ids of all images, unordered. */
export async function listImageIds(context: Context): Promise<string[]> {
  try {
    const names = await readdir(imagesDir(context.paths))
    return names.filter((name) => /^[0-9a-f]{64}\.json$/.test(name)).map((name) => `sha256:${name.slice(0, 64)}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** All images. One whose record can't be read is left out, and handed to `broken`. */
export async function listStoredImages(context: Context, broken: (id: string, error: unknown) => void = () => {}): Promise<StoredImage[]> {
  const ids = await listImageIds(context)
  const images = await Promise.all(
    ids.map((id) =>
      readStoredImage(context, id).catch((error: unknown) => {
        broken(id, error)
        return undefined
      }),
    ),
  )
  return images.filter((image) => image !== undefined)
}
