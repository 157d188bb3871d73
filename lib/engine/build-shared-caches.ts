import { CACHE_CONFIG, cacheConfiguration, readCacheDocument, type SharedStep } from '../build/cache-document.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import type { Platform } from '../image/manifest.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { readLocalImage, readSharedCache, type SharedManifest, type SharedPlace } from '../image/shared-cache.ts'
import { type SharedTarget, writeSharedCache } from '../image/write-shared-cache.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { SharedSource, StepCache } from './build-step-cache.ts'
import type { Telling } from './build-telling.ts'

/** Where a cache goes: into the image's own configuration, or to a place of its own. */
export type CacheExport = { kind: 'inline' } | (SharedTarget & { mode: 'min' | 'max'; ignoreError: boolean })

export interface CacheSite {
  context: Context
  platform: Platform
  telling: Telling
}

/** Reads what `--cache-from` names, but no layers. What can't be read is told, and hinders nothing: it may not be there yet. */
export async function importCaches(site: CacheSite, places: readonly SharedPlace[]): Promise<SharedSource[]> {
  const found = await Promise.all(
    places.map(async (place) => {
      const name = nameOf(place)
      try {
        return await site.telling.of(`importing cache manifest from ${name}`, () => importCache(site, place, name))
      } catch (error) {
        if (error instanceof LichenError && error.code !== 'BAD_REFERENCE') return undefined
        throw error
      }
    }),
  )
  return found.filter((source) => source !== undefined)
}

const nameOf = (place: SharedPlace): string => (place.kind === 'local' ? place.path : familiarReference(parseReference(place.reference)))

async function importCache({ context, platform }: CacheSite, place: SharedPlace, name: string): Promise<SharedSource> {
  const wish = { context, platform, configs: [CACHE_CONFIG] }
  // What was pulled or loaded before is asked first, as Docker does.
  const local = place.kind === 'registry' ? sourceOf(name, await readLocalImage(wish, place.reference)) : undefined
  const source = local ?? sourceOf(name, await readSharedCache(wish, place))
  if (source !== undefined) return source
  throw new LichenError(`there is no cache of lichen in ${name}`, { code: 'NO_CACHE', exitCode: 1, hint: '--cache-to writes one' })
}

function sourceOf(name: string, read: SharedManifest | undefined): SharedSource | undefined {
  const document = read === undefined ? undefined : readCacheDocument(read.configuration, read.manifest.config.mediaType)
  if (read === undefined || document === undefined) return undefined
  const { layers } = read.manifest
  return {
    name,
    steps: new Map(document.steps.map((step) => [step.key, step])),
    blobs: new Map(document.diffIds.flatMap((diffId, at) => (layers[at] === undefined ? [] : [[diffId, layers[at]] as const]))),
    withBlobs: read.withBlobs,
  }
}

/** As they are written down, the same bytes for the same steps; `created` is that of all where times are fixed. */
export const sharedSteps = (cache: StepCache, created: string | undefined): SharedStep[] =>
  [...cache.passed].map(([key, { layer, ...step }]) => {
    const shared = { key, created: created ?? step.created }
    if (layer === undefined) return shared
    const { mediaType, digest, size } = layer.blob
    return { ...shared, layer: { diffId: layer.diffId, blob: { mediaType, digest, size }, size: layer.size } }
  })

/** Writes the steps of a build where others find them. `result`: the layers that the build has come to. Throws what writing and pushing throw, unless they are to be ignored. */
export async function exportCaches(
  { context, telling }: Omit<CacheSite, 'platform'>,
  targets: readonly CacheExport[],
  { cache, result, created }: { cache: StepCache; result: readonly string[]; created: string | undefined },
): Promise<void> {
  for (const target of targets) {
    if (target.kind === 'inline') continue
    try {
      await telling.of(`exporting cache to ${target.kind === 'local' ? 'client directory' : 'registry'}`, async (say) => {
        const steps = sharedSteps(cache, created)
        const layers = new Map<string, BuiltLayer>()
        for (const { layer } of steps)
          if (layer !== undefined && cache.isToBeHad(layer.diffId) && (target.mode === 'max' || result.includes(layer.diffId))) layers.set(layer.diffId, layer)
        await cache.bring([...layers.keys()], say)
        for (const { blob } of layers.values()) say(`writing layer ${blob.digest}`)
        const configuration = cacheConfiguration({ steps, diffIds: [...layers.keys()] })
        const digest = await writeSharedCache(context, target, { configuration, mediaType: CACHE_CONFIG, layers: [...layers.values()] })
        say(`writing cache manifest ${digest}`)
      })
    } catch (error) {
      if (!target.ignoreError || !(error instanceof LichenError)) throw error
    }
  }
}
