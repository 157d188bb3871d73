import type { AssembledImage } from '../image/add-built.ts'
import { putIndex } from '../image/image-index.ts'
import type { Descriptor, Platform } from '../image/manifest.ts'
import { fitsPlatform, hostPlatform } from '../image/platform.ts'
import type { BuildInput } from './build-input.ts'
import { exportResult, titleOf } from './build-outputs.ts'
import { exportCaches } from './build-shared-caches.ts'
import type { StepCache } from './build-step-cache.ts'
import type { Telling } from './build-telling.ts'
import { fixedTime } from './build-words.ts'

/** What a build has come to for one platform. */
export interface BuiltResult {
  /** What was asked for; the base image may be for another one. */
  wanted: Platform
  platform: Platform
  /** Whose blobs are all in the store. */
  image: AssembledImage
  /** diffIDs, bottom first. */
  layers: string[]
  /** The same before they were squashed. */
  cachedLayers: string[]
}

export interface BuiltImages {
  /** The one that runs here, where there is such a one. */
  main: AssembledImage
  /** Of more than one platform. */
  index: Descriptor | undefined
}

/** Brings the results to where they shall be, and the steps to the caches that were named. The caller keeps collectors away. */
export async function exportAll(input: BuildInput, telling: Telling, cache: StepCache, results: readonly BuiltResult[]): Promise<BuiltImages> {
  const { context, session, outputs, cacheTo, timestamp: latest, write } = input
  const main = results.find(({ platform }) => fitsPlatform(platform, hostPlatform(process.arch))) ?? results[0]!
  const index = results.length === 1 ? undefined : await putIndex(context, results)
  for (const output of outputs) await telling.of(titleOf(output), (say) => exportResult({ context, session, results, main, index, latest, say, write }, output))
  await exportCaches({ context, telling }, cacheTo, { cache, result: results.flatMap(({ cachedLayers }) => cachedLayers), created: fixedTime(latest) })
  return { main: main.image, index }
}
