import { stat } from 'node:fs/promises'
import { cacheMountsDir, listCacheDrafts, listCachedSteps, listCacheMounts, removeCachedStep, removeLeftovers } from '../build/cache.ts'
import { beyond, type CacheEntry } from '../build/cache-entry.ts'
import { forgetDigests } from '../build/known-digests.ts'
import { listStoredImages, whileNothingArrives } from '../image/store.ts'
import { removeTree, removeTrees } from '../storage/remove.ts'
import { diskUsage } from '../storage/usage.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { withFreeLock } from '../system/lock.ts'
import { forgetAddresses } from './build-download.ts'
import { collectGarbage } from './collect-garbage.ts'

/** What builds have left, newest first. A layer that several steps have made counts for one of them. `stored`: all images, where they have been read already. */
export async function listBuildCache(context: Context, stored = listStoredImages(context)): Promise<CacheEntry[]> {
  const identity = await hostIdentity(context)
  const [cached, images] = await Promise.all([listCachedSteps(context), stored])
  const inImages = new Set(images.flatMap(({ layers }) => layers.map(({ diffId }) => diffId)))
  const seen = new Set<string>()
  const steps = cached.map(({ key, text, created, used, uses, layer }): CacheEntry => {
    const counted = layer !== undefined && !seen.has(layer.diffId)
    if (layer !== undefined) seen.add(layer.diffId)
    const shared = layer !== undefined && inImages.has(layer.diffId)
    return { id: key, kind: 'step', text, created, used: used ?? created, uses: uses ?? 1, size: counted ? layer.size : 0, shared }
  })
  const ids = await listCacheMounts(context)
  const pathOf = (id: string) => `${cacheMountsDir(context)}/${id}`
  const sizes = await diskUsage({ context, identity, paths: ids.map(pathOf) })
  const mounts = await Promise.all(
    ids.map(async (id): Promise<CacheEntry | undefined> => {
      const found = await stat(pathOf(id)).catch(() => undefined)
      if (found === undefined) return undefined
      const time = found.mtime.toISOString()
      return { id, kind: 'mount', text: 'RUN --mount=type=cache', created: time, used: time, uses: 1, size: sizes.get(pathOf(id)) ?? 0, shared: false }
    }),
  )
  return [...steps, ...mounts.filter((mount) => mount !== undefined)].sort((a, b) => (a.created < b.created ? 1 : -1))
}

export interface PruneWish {
  /** What images have, too, and the folders of cache mounts. */
  all: boolean
  fits(entry: CacheEntry): boolean
  /** Bytes that may stay; undefined: nothing that fits does. */
  keep?: number | undefined
}

/**
 * Forgets steps, and the layers that no image needs go with them; with `all` the folders of cache mounts too, but for those in use. Gives
 * what went. While a build runs nothing is forgotten: undefined.
 */
export async function pruneBuildCache(context: Context, { all, fits, keep }: PruneWish): Promise<CacheEntry[] | undefined> {
  const candidates = (await listBuildCache(context)).filter((entry) => (all || (!entry.shared && entry.kind === 'step')) && fits(entry))
  const entries = keep === undefined ? candidates : beyond(candidates, keep)
  const identity = await hostIdentity(context)
  const gone = await whileNothingArrives(context, async () => {
    await removeLeftovers(context)
    await forgetDigests(context)
    if (all) await forgetAddresses(context)
    await removeTrees({ context, identity, paths: await listCacheDrafts(context) })
    for (const { id, kind } of entries) if (kind === 'step') await removeCachedStep(context, id)
    const removed = entries.filter(({ kind }) => kind === 'step')
    for (const entry of entries.filter(({ kind }) => kind === 'mount')) {
      const path = `${cacheMountsDir(context)}/${entry.id}`
      const done = await withFreeLock(`${path}.lock`, 'exclusive', async () => {
        await removeTree({ context, identity, path })
        return true
      })
      if (done === true) removed.push(entry)
    }
    return removed
  })
  if (gone !== undefined) await collectGarbage(context)
  return gone
}
