import { stat } from 'node:fs/promises'
import { cacheMountsDir, listCachedSteps, listCacheMounts, removeCachedStep, removeLeftovers } from '../build/cache.ts'
import { forgetDigests } from '../build/known-digests.ts'
import { whileNothingArrives } from '../image/store.ts'
import { removeTree } from '../storage/remove.ts'
import { diskUsage } from '../storage/usage.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { withFreeLock } from '../system/lock.ts'
import { collectGarbage } from './collect-garbage.ts'

/** Something that builds have left to be used again. */
export interface CacheEntry {
  id: string
  kind: 'step' | 'mount'
  text: string
  /** RFC 3339 */
  created: string
  /** Bytes. */
  size: number
}

/** Newest first. */
export async function listBuildCache(context: Context): Promise<CacheEntry[]> {
  const identity = await hostIdentity(context)
  const steps = (await listCachedSteps(context)).map(
    ({ key, text, created, layer }): CacheEntry => ({ id: key, kind: 'step', text, created, size: layer?.size ?? 0 }),
  )
  const ids = await listCacheMounts(context)
  const pathOf = (id: string) => `${cacheMountsDir(context)}/${id}`
  const sizes = await diskUsage({ context, identity, paths: ids.map(pathOf) })
  const mounts = await Promise.all(
    ids.map(async (id): Promise<CacheEntry | undefined> => {
      const found = await stat(pathOf(id)).catch(() => undefined)
      if (found === undefined) return undefined
      return { id, kind: 'mount', text: 'RUN --mount=type=cache', created: found.mtime.toISOString(), size: sizes.get(pathOf(id)) ?? 0 }
    }),
  )
  return [...steps, ...mounts.filter((mount) => mount !== undefined)].sort((a, b) => (a.created < b.created ? 1 : -1))
}

/**
 * Forgets steps, and the layers that no image needs go with them; `mounts`: the folders of cache mounts as well, but for those in use. Gives
 * what went. While a build runs nothing is forgotten: undefined.
 */
export async function pruneBuildCache(
  context: Context,
  { mounts, before }: { mounts: boolean; before: string | undefined },
): Promise<CacheEntry[] | undefined> {
  const entries = (await listBuildCache(context)).filter(({ created, kind }) => (before === undefined || created < before) && (mounts || kind === 'step'))
  const identity = await hostIdentity(context)
  const gone = await whileNothingArrives(context, async () => {
    await removeLeftovers(context)
    await forgetDigests(context)
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
