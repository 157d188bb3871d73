import type { Context } from '../system/context.ts'
import { readJson, writeFileAtomic } from '../system/files.ts'
import { referencesDir } from '../system/paths.ts'
import { mkdir, readdir, unlink } from '../system/small-files.ts'
import { digestHex, isDigest, sha256 } from './digest.ts'
import type { Descriptor } from './manifest.ts'

/** What a name points to: `references/<name>.json`. A name with a digest (`repo@sha256:...`) is where an image came from. */
export interface StoredReference {
  /** Normalised: `docker.io/library/busybox:latest`. */
  reference: string
  /** Id of the image. */
  image: string
  /** Of its manifest. */
  digest: string
  /** The name stands for images of several platforms, of which `image` is the one that runs here. */
  index?: Descriptor
}

/** File names end at 255 bytes; long references are found under their hash. */
function path(context: Context, reference: string): string {
  const encoded = encodeURIComponent(reference)
  return `${referencesDir(context.paths)}/${encoded.length > 240 ? `+${digestHex(sha256(reference))}` : encoded}.json`
}

/** `reference` is normalised. Undefined where there is none. */
export const readReference = (context: Context, reference: string): Promise<StoredReference | undefined> => readJson<StoredReference>(path(context, reference))

/** The caller holds the store's lock. */
export async function writeReference(context: Context, stored: StoredReference): Promise<void> {
  await mkdir(referencesDir(context.paths), { recursive: true, mode: 0o700 })
  await writeFileAtomic(path(context, stored.reference), `${JSON.stringify(stored)}\n`, { fsync: true })
}

/** The caller holds the store's lock. */
export const removeReference = (context: Context, reference: string): Promise<void> => unlink(path(context, reference))

/** All of them, by name. One that can't be read is left out, and its path handed to `broken`. */
export async function listReferences(context: Context, broken: (path: string) => void = () => {}): Promise<StoredReference[]> {
  let paths: string[]
  try {
    paths = (await readdir(referencesDir(context.paths))).filter((name) => name.endsWith('.json')).map((name) => `${referencesDir(context.paths)}/${name}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const all = await Promise.all(
    paths.map(async (path) => {
      try {
        const stored = await readJson<StoredReference>(path)
        if (stored === undefined || isReference(stored)) return stored
      } catch {
        // As one that says nothing.
      }
      broken(path)
      return undefined
    }),
  )
  return all.filter((stored) => stored !== undefined).sort((a, b) => (a.reference < b.reference ? -1 : 1))
}

const isReference = (stored: Partial<StoredReference> | null) => typeof stored?.reference === 'string' && isDigest(stored.image) && isDigest(stored.digest)
