import { readdir, rename, stat } from 'node:fs/promises'
import { graves } from '../container/discard.ts'
import { layersOf } from '../container/images.ts'
import { listContainers } from '../container/list.ts'
import { monitorAlive } from '../container/state.ts'
import { streamBlob, TEMPORARY_PREFIX } from '../image/blobs.ts'
import { type Fault, imageFaults } from '../image/check-images.ts'
import { whileArriving } from '../image/store.ts'
import { unpackLayer } from '../image/unpack.ts'
import { removeTree } from '../storage/remove.ts'
import { volumeGraves } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { containerPaths, containersDir, layerDiff, temporaryDir } from '../system/paths.ts'
import { collectGarbage, seeGarbage } from './collect-garbage.ts'
import { finishRemovals } from './remove.ts'

/** What is not `image-...` in the folder for temporary files is written within seconds. */
const UNFINISHED_AFTER = 60 * 60 * 1000
/** A monitor deletes what `run --rm` has left to it while the command returns. */
const REMOVED_WITHIN = 60 * 1000

/** What is wrong with the store, each with its repair, in the order in which they are to be done. */
export async function storeFaults(context: Context, { thorough }: { thorough: boolean }): Promise<Fault[]> {
  const unpack = async ({ diffId, blob }: { diffId: string; blob: string }) => {
    const identity = await hostIdentity(context)
    await whileArriving(context, () => unpackLayer({ context, identity, blob: streamBlob(context, blob), diffId }))
  }
  const images = await whileArriving(context, () => imageFaults({ context, thorough, unpack }))
  const containers = await whileArriving(context, () => containerFaults(context, images))
  return [...images, ...containers, ...(await unfinished(context)), ...(await garbageFaults(context))]
}

async function containerFaults(context: Context, images: readonly Fault[]): Promise<Fault[]> {
  const faults: Fault[] = []
  const discard = (id: string) => async () => {
    // It stays a fault, and says so again, until it has been stopped.
    if (await monitorAlive(containerPaths(context.paths, id))) return
    await rename(containerPaths(context.paths, id).dir, `${containersDir(context.paths)}/.gone-${id}`)
    await finishRemovals(context)
  }
  const views = await listContainers(context, (id, error) => {
    faults.push({ what: `the record of container ${id} can't be read: ${(error as Error).message}`, remedy: 'the container is removed', repair: discard(id) })
  })
  for (const { record } of views) {
    for (const layer of new Set(layersOf(record))) {
      // A layer of an image is unpacked again, and then this is right as well.
      const known = images.some(({ what }) => what.includes(layer))
      if (known || (await isThere(layerDiff(context.paths, layer)))) continue
      faults.push({
        what: `container ${record.id} (${record.name}) stands on the layer ${layer}, which is gone`,
        remedy: 'the container is removed',
        repair: discard(record.id),
      })
      break
    }
  }
  return faults
}

/** Removals and creations that were cut short. */
async function unfinished(context: Context): Promise<Fault[]> {
  const remains = (await oldGraves(context)).map((path) => ({
    what: `the container in ${path} is removed only in part`,
    remedy: 'the rest is removed',
    repair: () => finishRemovals(context),
  }))
  const drafts = [
    ...(await oldEntries(containersDir(context.paths), (name) => name.startsWith('.new-'))),
    ...(await oldEntries(temporaryDir(context.paths), (name) => !name.startsWith(TEMPORARY_PREFIX) && !name.endsWith('.lock'))),
  ]
  const removals = drafts.map((path) => ({
    what: `${path} was begun and never finished`,
    remedy: 'it is removed',
    repair: async () => removeTree({ context, identity: await hostIdentity(context), path }),
  }))
  const volumes = (await volumeGraves(context)).map((path) => ({
    what: `the volume in ${path} is removed only in part`,
    remedy: 'the rest is removed',
    repair: async () => removeTree({ context, identity: await hostIdentity(context), path }),
  }))
  return [...remains, ...removals, ...volumes]
}

/** Since the rename that made it one. */
async function oldGraves(context: Context): Promise<string[]> {
  const old = await Promise.all(
    (await graves(context)).map(async ({ path }) => {
      const status = await stat(path).catch(() => undefined)
      return status !== undefined && Date.now() - status.ctimeMs > REMOVED_WITHIN ? [path] : []
    }),
  )
  return old.flat()
}

async function oldEntries(folder: string, fits: (name: string) => boolean): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter(fits)
  const old = await Promise.all(
    names.map(async (name) => {
      const status = await stat(`${folder}/${name}`).catch(() => undefined)
      return status !== undefined && Date.now() - status.mtimeMs > UNFINISHED_AFTER ? [`${folder}/${name}`] : []
    }),
  )
  return old.flat()
}

async function garbageFaults(context: Context): Promise<Fault[]> {
  const garbage = await seeGarbage(context)
  const count = (list: readonly string[] | undefined, what: string) => (list?.length ? [`${what}: ${list.length}`] : [])
  const parts = [
    ...count(garbage?.blobs, 'blobs that no image names'),
    ...count(garbage?.layers, 'layers that nothing stands on'),
    ...count(garbage && [...garbage.files, ...garbage.folders], 'files of what was cut short'),
  ]
  const repair = async () => void (await collectGarbage(context))
  return parts.length === 0 ? [] : [{ what: `left over, ${parts.join(', ')}`, remedy: 'they are removed', repair }]
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
