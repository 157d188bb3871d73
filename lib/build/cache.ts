import type { Descriptor } from '../image/manifest.ts'
import type { Context } from '../system/context.ts'
import { readJson, writeFileAtomic } from '../system/files.ts'
import { sha256 } from '../system/sha256.ts'
import { mkdir, readdir, rm, unlink } from '../system/small-files.ts'

/**
 * What steps of builds have made: `build/steps/<key>.json`, written when blob and layer are in the store, and holding both there
 * until it is pruned. The key says everything that the result depends on.
 */
export interface CachedStep {
  version: 1
  /** Undefined: there was nothing to do. */
  layer: { diffId: string; blob: Descriptor /** Bytes, unpacked. */; size: number } | undefined
  /** RFC 3339 */
  created: string
  /** As progress shows it. */
  text: string
  /** When it was taken from the cache the last time (RFC 3339), and how often a build has had it. Absent: not since it was made. */
  used?: string
  uses?: number
}

const stepsDir = (context: Context) => `${context.paths.data}/build/steps`
/** Folders of `RUN --mount=type=cache`, by the digest of their id. */
export const cacheMountsDir = (context: Context) => `${context.paths.data}/build/mounts`

/** Of folders there that are being made. */
export const DRAFT_PREFIX = '.new-'

/** The key of a step upon layers; `facts` is JSON of what else decides. */
export const stepKey = (layers: readonly string[], facts: unknown): string => sha256(JSON.stringify([1, layers, facts])).toString('hex')

export async function readCachedStep(context: Context, key: string): Promise<CachedStep | undefined> {
  // What can't be read is made anew.
  const step = await readJson<CachedStep>(`${stepsDir(context)}/${key}.json`).catch(() => undefined)
  return step?.version === 1 ? step : undefined
}

export async function writeCachedStep(context: Context, key: string, step: CachedStep): Promise<void> {
  await mkdir(stepsDir(context), { recursive: true, mode: 0o700 })
  await writeFileAtomic(`${stepsDir(context)}/${key}.json`, JSON.stringify(step))
}

/** A build has had it again. Who prunes meanwhile waits until builds are over. */
export const noteUse = (context: Context, key: string, step: CachedStep): Promise<void> =>
  writeCachedStep(context, key, { ...step, used: new Date().toISOString(), uses: (step.uses ?? 1) + 1 })

/** All of them, unordered; those that can't be read are left out. */
export async function listCachedSteps(context: Context): Promise<({ key: string } & CachedStep)[]> {
  const names = (await namesIn(stepsDir(context))).filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
  const steps = await Promise.all(
    names.map(async (name) => {
      const key = name.slice(0, 64)
      const step = await readCachedStep(context, key)
      return step === undefined ? undefined : { key, ...step }
    }),
  )
  return steps.filter((step) => step !== undefined)
}

export async function removeCachedStep(context: Context, key: string): Promise<void> {
  await unlink(`${stepsDir(context)}/${key}.json`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** Names in the folder of cache mounts. */
export const listCacheMounts = async (context: Context): Promise<string[]> =>
  (await namesIn(cacheMountsDir(context))).filter((name) => /^[0-9a-f]{64}$/.test(name))

/** Of builds that were killed. */
export const listCacheDrafts = async (context: Context): Promise<string[]> =>
  (await namesIn(cacheMountsDir(context))).filter((name) => name.startsWith(DRAFT_PREFIX)).map((name) => `${cacheMountsDir(context)}/${name}`)

/** Records that were cut short. */
export async function removeLeftovers(context: Context): Promise<void> {
  for (const name of await namesIn(stepsDir(context))) if (name.endsWith('.tmp')) await rm(`${stepsDir(context)}/${name}`, { force: true })
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
