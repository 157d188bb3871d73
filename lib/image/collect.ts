import { randomBytes } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { mkdir, readdir, rename, unlink } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { debug } from '../system/log.ts'
import { blobsDir, layersDir, temporaryDir } from '../system/paths.ts'
import { TEMPORARY_PREFIX } from './blobs.ts'
import { listStoredImages, whileNothingArrives } from './store.ts'

export interface CollectInput {
  context: Context
  /** diffIds that containers stand on; undefined: not all of them can be told. Asked while nothing changes. */
  layersInUse(): Promise<ReadonlySet<string> | undefined>
  /** Removes folders whose files belong to mapped ids. */
  removeTrees(paths: string[]): Promise<void>
}

export interface Collected {
  /** Digests of blobs. */
  blobs: string[]
  /** diffIds. */
  layers: string[]
  /** Unfinished files and folders of arrivals that were cut short. */
  leftovers: number
}

/**
 * Removes what no image names and no container stands on, and what a crash left behind. Undefined where that must wait:
 * an image is on its way in, or a record can't be read and nobody knows what it needs; the next one does it then.
 */
export async function collect(input: CollectInput): Promise<Collected | undefined> {
  const { context } = input
  const found = await whileNothingArrives(context, () => sweep(input))
  if (found?.trees.length) await input.removeTrees(found.trees)
  if (found === undefined) debug('nothing is collected: an image is arriving')
  return found?.collected
}

/** Layers leave in one rename each, so that the locks are not held while their files are removed. */
async function sweep({ context, layersInUse }: CollectInput): Promise<{ collected: Collected | undefined; trees: string[] }> {
  let readable = true
  const images = await listStoredImages(context, () => {
    readable = false
  })
  const { files, trees } = await leftovers(context)
  await Promise.all(files.map((path) => unlink(path)))
  if (!readable) {
    debug("no blob and no layer is collected: the record of an image can't be read")
    return { collected: undefined, trees }
  }
  const blobs = await sweepBlobs(context, new Set(images.flatMap(({ id, manifest, layers }) => [id, manifest.digest, ...layers.map(({ blob }) => blob)])))
  const inUse = await layersInUse()
  const layers =
    inUse === undefined ? [] : await sweepLayers(context, new Set([...inUse, ...images.flatMap((image) => image.layers.map(({ diffId }) => diffId))]))
  const collected = { blobs, layers: layers.map(({ diffId }) => diffId), leftovers: files.length + trees.length }
  return { collected, trees: [...trees, ...layers.map(({ grave }) => grave)] }
}

/** All of the arrivals' files: nothing arrives now, so nobody writes them or holds a lock of theirs. */
async function leftovers(context: Context): Promise<{ files: string[]; trees: string[] }> {
  const folder = temporaryDir(context.paths)
  const entries = (await entriesIn(folder)).filter(({ name }) => name.startsWith(TEMPORARY_PREFIX))
  const paths = (folders: boolean) => entries.filter((entry) => entry.isDirectory() === folders).map(({ name }) => `${folder}/${name}`)
  return { files: paths(false), trees: paths(true) }
}

async function sweepBlobs(context: Context, needed: ReadonlySet<string>): Promise<string[]> {
  const names = (await entriesIn(blobsDir(context.paths))).map(({ name }) => name).filter((name) => !needed.has(`sha256:${name}`))
  await Promise.all(names.map((name) => unlink(`${blobsDir(context.paths)}/${name}`)))
  return names.map((name) => `sha256:${name}`)
}

async function sweepLayers(context: Context, needed: ReadonlySet<string>): Promise<{ diffId: string; grave: string }[]> {
  const names = (await entriesIn(layersDir(context.paths))).map(({ name }) => name).filter((name) => !needed.has(`sha256:${name}`))
  if (names.length > 0) await mkdir(temporaryDir(context.paths), { recursive: true, mode: 0o700 })
  return Promise.all(
    names.map(async (name) => {
      const grave = `${temporaryDir(context.paths)}/${TEMPORARY_PREFIX}gone-${name.slice(0, 12)}-${randomBytes(4).toString('hex')}`
      await rename(`${layersDir(context.paths)}/${name}`, grave)
      return { diffId: `sha256:${name}`, grave }
    }),
  )
}

async function entriesIn(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
