import type { Context } from '../system/context.ts'
import type { Entry } from '../system/fs.ts'
import { debug } from '../system/log.ts'
import { blobsDir, layersDir, temporaryDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import { mkdir, readdir, rename, unlink } from '../system/small-files.ts'
import { TEMPORARY_PREFIX } from './blobs.ts'
import { listReferences } from './references.ts'
import { listStoredImages, whileNothingArrives } from './store.ts'

export interface CollectInput {
  context: Context
  /** diffIds that containers stand on; undefined: not all of them can be told. Asked while nothing changes. */
  layersInUse(): Promise<ReadonlySet<string> | undefined>
  /** Digests of blobs that others than images need. */
  blobsInUse?(): Promise<readonly string[]>
  /** Removes folders whose files belong to mapped ids. */
  removeTrees(paths: string[]): Promise<void>
}

/** What nobody needs. */
export interface Garbage {
  /** Digests. */
  blobs: string[]
  /** diffIds. */
  layers: string[]
  /** Paths of what arrivals left that were cut short. */
  files: string[]
  folders: string[]
  /** Paths of locks of arrivals, which nobody holds. */
  locks: string[]
}

/**
 * Removes what no image names and no container stands on, and what a crash left behind. Undefined where that must wait for the
 * next time: an image is on its way in. Of a record that can't be read nobody knows what it needs: then less is garbage.
 */
export async function collect(input: CollectInput): Promise<Garbage | undefined> {
  const found = await whileNothingArrives(input.context, async () => {
    const garbage = await findGarbage(input)
    return { garbage, graves: await remove(input.context, garbage) }
  })
  if (found === undefined) debug('nothing is collected: an image is arriving')
  const trees = [...(found?.graves ?? []), ...(found?.garbage.folders ?? [])]
  if (trees.length > 0) await input.removeTrees(trees)
  return found?.garbage
}

/** The caller sees to it that nothing arrives, and has the store's lock. */
export async function findGarbage({ context, layersInUse, blobsInUse }: Omit<CollectInput, 'removeTrees'>): Promise<Garbage> {
  let readable = true
  const images = await listStoredImages(context, () => {
    readable = false
  })
  const inUse = readable ? await layersInUse() : undefined
  const ofImages = images.flatMap(({ id, manifest, layers }) => [id, manifest.digest, ...layers.map(({ blob }) => blob)])
  const indexes = (await listReferences(context)).flatMap(({ index }) => (index === undefined ? [] : [index.digest]))
  const blobs = new Set([...ofImages, ...indexes, ...((await blobsInUse?.()) ?? [])])
  const layers = new Set([...(inUse ?? []), ...images.flatMap((image) => image.layers.map(({ diffId }) => diffId))])
  if (!readable) debug("no blob and no layer is collected: the record of an image can't be read")
  return {
    blobs: readable ? await namesBut(blobs, blobsDir(context.paths)) : [],
    layers: inUse === undefined ? [] : await namesBut(layers, layersDir(context.paths)),
    ...(await leftovers(context)),
  }
}

/** All of the arrivals' files: nothing arrives now, so nobody writes them or holds a lock of theirs. */
async function leftovers(context: Context): Promise<Pick<Garbage, 'files' | 'folders' | 'locks'>> {
  const folder = temporaryDir(context.paths)
  const entries = (await entriesIn(folder)).filter(({ name }) => name.startsWith(TEMPORARY_PREFIX))
  const isLock = ({ name }: Entry) => name.startsWith(`${TEMPORARY_PREFIX}lock-`)
  const paths = (fits: (entry: Entry) => boolean) => entries.filter(fits).map(({ name }) => `${folder}/${name}`)
  return { files: paths((entry) => !entry.isDirectory() && !isLock(entry)), folders: paths((entry) => entry.isDirectory()), locks: paths(isLock) }
}

const namesBut = async (needed: ReadonlySet<string>, folder: string): Promise<string[]> =>
  (await entriesIn(folder)).map(({ name }) => `sha256:${name}`).filter((digest) => !needed.has(digest))

/** Layers leave in one rename each, so that no lock is held while their files are removed; gives where they went. */
async function remove(context: Context, { blobs, layers, files, locks }: Garbage): Promise<string[]> {
  const nameOf = (digest: string) => digest.slice('sha256:'.length)
  await Promise.all([...files, ...locks, ...blobs.map((digest) => `${blobsDir(context.paths)}/${nameOf(digest)}`)].map((path) => unlink(path)))
  if (layers.length > 0) await mkdir(temporaryDir(context.paths), { recursive: true, mode: 0o700 })
  return Promise.all(
    layers.map(async (diffId) => {
      const grave = `${temporaryDir(context.paths)}/${TEMPORARY_PREFIX}gone-${nameOf(diffId).slice(0, 12)}-${randomHex(4)}`
      await rename(`${layersDir(context.paths)}/${nameOf(diffId)}`, grave)
      return grave
    }),
  )
}

async function entriesIn(folder: string): Promise<Entry[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
