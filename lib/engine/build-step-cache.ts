import { mkdir, stat } from 'node:fs/promises'
import { type CachedStep, noteUse, readCachedStep, writeCachedStep } from '../build/cache.ts'
import type { SharedStep } from '../build/cache-document.ts'
import { fetchLayer } from '../image/add-image.ts'
import { blobSize, TEMPORARY_PREFIX } from '../image/blobs.ts'
import type { Descriptor } from '../image/manifest.ts'
import type { SharedManifest } from '../image/shared-cache.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { withPassingLock } from '../system/lock.ts'
import { layerDiff, temporaryDir } from '../system/paths.ts'

/** What `--cache-from` has found somewhere. */
export interface SharedSource {
  name: string
  steps: ReadonlyMap<string, SharedStep>
  /** By diffID: the layers that are to be had there. */
  blobs: ReadonlyMap<string, Descriptor>
  withBlobs: SharedManifest['withBlobs']
}

interface StepWish {
  /** As progress shows it. */
  text: string
  /** Made anew whatever is known. */
  fresh: boolean
  signal: AbortSignal
  make(): Promise<CachedStep>
}

interface Pending {
  key: string
  step: CachedStep
  /** Undefined: the layer is to be had nowhere, and is but known by its digest. */
  from: { source: SharedSource; descriptor: Descriptor } | undefined
}

/**
 * What steps have come to, here and in the caches of others. Of the latter, layers are fetched only once somebody needs their files:
 * the keys of what is built upon them need but their digests.
 */
export class StepCache {
  readonly #context: Context
  readonly #shared: readonly SharedSource[]
  readonly #pending = new Map<string, Pending>()
  readonly #coming = new Map<string, Promise<void>>()
  /** diffIDs that could not be had. */
  readonly #lost = new Set<string>()
  readonly #passed = new Map<string, CachedStep>()
  /** Layers of steps that are forgotten for newer ones may be nobody's now. */
  replaced = false

  constructor(context: Context, shared: readonly SharedSource[]) {
    this.#context = context
    this.#shared = shared
  }

  /** The steps of this build with what they came to, by their keys, in the order in which they were done. */
  get passed(): ReadonlyMap<string, CachedStep> {
    return this.#passed
  }

  /** What it says counts only while what it names is here, or to be had. */
  async find(key: string, text: string): Promise<CachedStep | undefined> {
    const own = await readCachedStep(this.#context, key)
    if (own !== undefined && (own.layer === undefined || (await this.#isHere(own.layer)))) {
      // A full disk is no reason to do it again.
      await noteUse(this.#context, key, own).catch(() => undefined)
      return this.#pass(key, own)
    }
    for (const source of this.#shared) {
      const found = source.steps.get(key)
      if (found !== undefined && (found.layer === undefined || !this.#lost.has(found.layer.diffId)))
        return this.#pass(key, await this.#take(source, found, text))
    }
    return undefined
  }

  async #take(source: SharedSource, { key, created, layer }: SharedStep, text: string): Promise<CachedStep> {
    const descriptor = layer === undefined ? undefined : source.blobs.get(layer.diffId)
    const step: CachedStep = { version: 1, created, text, layer: layer === undefined ? undefined : { ...layer, blob: descriptor ?? layer.blob } }
    if (step.layer === undefined || (await this.#isHere(step.layer))) await writeCachedStep(this.#context, key, step)
    else if (this.#pending.get(step.layer.diffId)?.from === undefined)
      this.#pending.set(step.layer.diffId, { key, step, from: descriptor === undefined ? undefined : { source, descriptor } })
    return step
  }

  /** A step that is known, or else is made: by one of those who want it at the same time. Throws what `make` throws; then nothing is known of it. */
  async findOrMake(key: string, { text, fresh, signal, make }: StepWish): Promise<{ step: CachedStep; cached: boolean }> {
    const makeIt = async () => ({ step: await this.#keep(key, await make()), cached: false })
    if (fresh) return makeIt()
    const find = async () => {
      const step = await this.find(key, text)
      return step === undefined ? undefined : { step, cached: true }
    }
    return (await find()) ?? this.#whileMaking(key, signal, async () => (await find()) ?? makeIt())
  }

  /** Who wants the same step at the same time waits, and finds it done. The collector knows the lock of one who was killed. */
  async #whileMaking<T>(key: string, signal: AbortSignal, fn: () => Promise<T>): Promise<T> {
    const folder = temporaryDir(this.#context.paths)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return withPassingLock(`${folder}/${TEMPORARY_PREFIX}lock-${key}`, fn, signal)
  }

  async #keep(key: string, step: CachedStep): Promise<CachedStep> {
    const before = await readCachedStep(this.#context, key)
    this.replaced ||= before?.layer !== undefined && before.layer.diffId !== step.layer?.diffId
    await writeCachedStep(this.#context, key, step)
    return this.#pass(key, step)
  }

  #pass(key: string, step: CachedStep): CachedStep {
    this.#passed.set(key, step)
    return step
  }

  /** Whether anything of them is still elsewhere. */
  isPending(diffIds: readonly string[]): boolean {
    return diffIds.some((diffId) => this.#pending.has(diffId))
  }

  /** Whether it is here, or can be brought. */
  isToBeHad(diffId: string): boolean {
    const pending = this.#pending.get(diffId)
    return pending === undefined || pending.from !== undefined
  }

  /** Fetches what is still elsewhere. Throws CACHE_LOST where that can't be: then the steps must be done, and the build begins anew. */
  async bring(diffIds: readonly string[], say: (line: string) => void): Promise<void> {
    await Promise.all([...new Set(diffIds)].map((diffId) => this.#bringOne(diffId, say)))
  }

  async #bringOne(diffId: string, say: (line: string) => void): Promise<void> {
    const pending = this.#pending.get(diffId)
    if (pending === undefined) return
    const coming = this.#coming.get(diffId) ?? this.#fetch(diffId, pending, say)
    this.#coming.set(diffId, coming)
    await coming
  }

  async #fetch(diffId: string, { key, step, from }: Pending, say: (line: string) => void): Promise<void> {
    const context = this.#context
    try {
      if (from === undefined) throw new LichenError(`the cache tells of the layer ${diffId}, and does not have it`, { code: 'CACHE_LOST' })
      const { source, descriptor } = from
      say(`fetching ${descriptor.digest} from ${source.name}`)
      const identity = await hostIdentity(context)
      const { size } = await source.withBlobs((open) => fetchLayer({ context, identity, open, what: `the cache ${source.name}` }, diffId, descriptor))
      await writeCachedStep(context, key, { ...step, layer: { diffId, blob: descriptor, size } })
      this.#pending.delete(diffId)
    } catch (error) {
      this.#forget(diffId)
      if (!(error instanceof LichenError) || error.code === 'DISK_FULL') throw error
      throw new LichenError(error.message, { code: 'CACHE_LOST', exitCode: 1, cause: error })
    }
  }

  #forget(diffId: string): void {
    this.#lost.add(diffId)
    this.#pending.delete(diffId)
    this.#coming.delete(diffId)
    // One after the other they would be missed, and each time all would begin anew.
    for (const [other, { from }] of this.#pending) if (from === undefined) this.#lost.add(other)
    for (const [key, { layer }] of this.#passed) if (layer !== undefined && this.#lost.has(layer.diffId)) this.#passed.delete(key)
  }

  async #isHere({ diffId, blob }: NonNullable<CachedStep['layer']>): Promise<boolean> {
    const unpacked = await stat(layerDiff(this.#context.paths, diffId)).catch(() => undefined)
    return unpacked !== undefined && (await blobSize(this.#context, blob.digest)) === blob.size
  }
}
