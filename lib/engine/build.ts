import { type CachedStep, stepKey } from '../build/cache.ts'
import { INLINE_KEY } from '../build/cache-document.ts'
import { canceled, isCanceled } from '../build/canceled.ts'
import type { BuildContext } from '../build/context-files.ts'
import { syntaxError } from '../build/dockerfile/source.ts'
import { type Evaluation, evaluateStage } from '../build/evaluate.ts'
import { KnownDigests } from '../build/known-digests.ts'
import { originOf, planStages, type Stage, type StagePlan } from '../build/stages.ts'
import { historyOf, plainCopy, type Step } from '../build/work.ts'
import { assembleBuilt, type BuiltLayer } from '../image/add-built.ts'
import { diskFull } from '../image/add-image.ts'
import type { HistoryEntry, ImageConfig, ImageConfiguration, Platform } from '../image/manifest.ts'
import { formatPlatform, hostPlatform } from '../image/platform.ts'
import { whileArriving } from '../image/store.ts'
import { LichenError } from '../system/errors.ts'
import { baseImage } from './build-base.ts'
import type { BuildInput } from './build-input.ts'
import type { Provenance } from './build-mounts.ts'
import { type RemoteSource, remoteSources } from './build-remote.ts'
import { type BuiltImages, type BuiltResult, exportAll } from './build-results.ts'
import { importCaches, sharedSteps } from './build-shared-caches.ts'
import { squashLayers } from './build-squash.ts'
import { StepCache } from './build-step-cache.ts'
import { type BuildSite, prepareStep } from './build-steps.ts'
import { Telling } from './build-telling.ts'
import { DEFAULT_PATH, fixedTime, hostLast, located, ofPlatform, platformArgs, stepsOf } from './build-words.ts'
import { collectGarbage } from './collect-garbage.ts'

interface Result {
  layers: BuiltLayer[]
  history: HistoryEntry[]
  config: ImageConfig
  author: string | undefined
  /** Arguments, for stages that build on it. */
  args: ReadonlyMap<string, string>
  platform: Platform
  created: string
  /** How much of it is that of the image that was begun with. */
  below: { layers: number; history: number }
}

/** Makes an image of a Dockerfile, one for each platform; nothing of it is seen before all of it is there. Throws BAD_DOCKERFILE, RUN_FAILED, BUILD_CANCELED, what pulling and copying throw. */
export async function buildImage(input: BuildInput): Promise<BuiltImages> {
  const { context } = input
  // Layers that no image names yet are not to be collected.
  let replaced = false
  const built = await whileArriving(context, async () => {
    const known = await KnownDigests.open(context, input.files.root)
    const telling = new Telling(input)
    const platforms = input.platforms.length === 0 ? [hostPlatform(process.arch)] : input.platforms
    const shared = input.noCache ? [] : await importCaches({ context, platform: platforms[0]!, telling }, input.cacheFrom)
    const cache = new StepCache(context, shared)
    try {
      const made: BuiltResult[] = []
      // Of a base image for several platforms the name means the one that was asked for last: that is to be the one that runs here.
      for (const platform of hostLast(platforms)) made.push(await buildPlatform(input, { known, telling, cache, platform }))
      const results = platforms.map((platform) => made.find(({ wanted }) => wanted === platform)!)
      return await exportAll(input, telling, cache, results)
    } catch (error) {
      if (error instanceof LichenError && error.cause instanceof LichenError && error.cause.code === 'CONTEXT_CHANGED') await known.forget()
      throw error
    } finally {
      replaced = cache.replaced
      await known.save(context)
    }
  })
  if (replaced) await collectGarbage(context)
  return built
}

async function buildPlatform(input: BuildInput, surroundings: Surroundings): Promise<BuiltResult> {
  for (;;) {
    try {
      return await new Build(input, surroundings).result()
    } catch (error) {
      // Somebody's cache has told of layers that are not to be had: what they would have come to is made after all.
      if (!isLost(error)) throw error
      input.onEvent({ kind: 'warning', text: `[Warning] ${error.message}; begun anew without it` })
    }
  }
}

const isLost = (error: unknown): error is LichenError => error instanceof LichenError && error.code === 'CACHE_LOST'

interface Surroundings {
  known: KnownDigests
  telling: Telling
  cache: StepCache
  platform: Platform
}

class Build {
  readonly #input: BuildInput
  readonly #known: KnownDigests
  readonly #telling: Telling
  readonly #cache: StepCache
  readonly #plan: StagePlan
  readonly #platform: Platform
  readonly #platformArgs: ReadonlyMap<string, string>
  readonly #results = new Map<number, Promise<Result>>()
  readonly #images = new Map<string, ReturnType<typeof baseImage>>()
  readonly #contexts = new Map<string, Promise<BuildContext>>()
  readonly #usedArgs = new Set<string>()
  readonly #stop = new AbortController()

  constructor(input: BuildInput, { known, telling, cache, platform }: Surroundings) {
    // A stage that fails stops the others.
    this.#input = { ...input, session: { ...input.session, signal: this.#stop.signal } }
    this.#known = known
    this.#telling = telling
    this.#cache = cache
    this.#platform = platform
    this.#platformArgs = platformArgs(this.#platform)
    this.#plan = planStages(input.dockerfile, { buildArgs: input.buildArgs, target: input.target, platformArgs: this.#platformArgs, contexts: input.contexts })
    input.signal.addEventListener('abort', () => this.#stop.abort())
    if (input.signal.aborted) this.#stop.abort()
  }

  async result(): Promise<BuiltResult> {
    const { order, globalArgs } = this.#plan
    // Independent stages at the same time; who needs another one waits for it.
    const results = await Promise.allSettled(order.map((index) => this.#result(index)))
    if (this.#input.signal.aborted) throw canceled()
    const failure = results.find((result) => result.status === 'rejected' && !isCanceled(result.reason)) ?? results.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') throw failure.reason
    this.#warnOfArgs(globalArgs)
    const { context, annotations, outputs } = this.#input
    const made = await this.#result(order.at(-1)!)
    const cachedLayers = made.layers.map(({ diffId }) => diffId)
    if (outputs.length > 0 && this.#cache.isPending(cachedLayers))
      await this.#telling.of('[internal] load cached layers', (say) => this.#cache.bring(cachedLayers, say))
    const result = await this.#squashed(made)
    const image = await assembleBuilt(context, { configuration: this.#configuration(result), layers: result.layers, annotations: { ...annotations } }).catch(
      (error: unknown) => {
        throw diskFull(context, error) ?? error
      },
    )
    const { os, architecture, variant } = result.platform
    const platform = variant === undefined ? { os, architecture } : { os, architecture, variant }
    return { wanted: this.#platform, platform, image, layers: result.layers.map(({ diffId }) => diffId), cachedLayers }
  }

  #configuration({ layers, history, config, author, platform, created }: Result): ImageConfiguration {
    const { labels, cacheTo } = this.#input
    const inline = cacheTo.some(({ kind }) => kind === 'inline') ? { [INLINE_KEY]: { steps: sharedSteps(this.#cache, fixedTime(this.#input.timestamp)) } } : {}
    return {
      created,
      ...(author === undefined ? {} : { author }),
      architecture: platform.architecture,
      ...(platform.variant === undefined ? {} : { variant: platform.variant }),
      os: platform.os,
      config: Object.keys(labels).length === 0 ? config : { ...config, Labels: { ...config.Labels, ...labels } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history,
      ...inline,
    }
  }

  /** As Docker: what the steps were is still told, but it is one layer. */
  async #squashed(result: Result): Promise<Result> {
    const { context, session, timestamp: latest, squash } = this.#input
    const { layers, history, below } = result
    if (!squash || layers.length - below.layers < 2) return result
    const squashed = await this.#telling.of('squashing layers', () => squashLayers({ context, session, layers, below: below.layers, latest }))
    const steps = history.slice(below.history).map((entry) => ({ ...entry, empty_layer: true }))
    const created = this.#now()
    const merge: HistoryEntry = { created, comment: `merge of ${layers.length - below.layers} layers` }
    return { ...result, layers: squashed, created, history: [...history.slice(0, below.history), ...steps, merge] }
  }

  #warnOfArgs(globalArgs: ReadonlyMap<string, string>): void {
    const unused = [...this.#input.buildArgs.keys()].filter(
      (name) => !this.#usedArgs.has(name) && !globalArgs.has(name) && !this.#platformArgs.has(name) && !name.startsWith('BUILDKIT_'),
    )
    if (unused.length > 0) this.#input.onEvent({ kind: 'warning', text: `[Warning] One or more build-args [${unused.join(' ')}] were not consumed` })
  }

  #result(index: number): Promise<Result> {
    let result = this.#results.get(index)
    if (result === undefined) {
      result = this.#stage(this.#plan.stages[index]!).catch((error: unknown) => {
        this.#stop.abort()
        throw error
      })
      // It is looked at by those who need it.
      result.catch(() => undefined)
      this.#results.set(index, result)
    }
    return result
  }

  async #stage(stage: Stage): Promise<Result> {
    const { dockerfile, buildArgs } = this.#input
    const result = await this.#base(stage)
    const evaluation: Evaluation = evaluateStage({
      source: dockerfile.source,
      backslash: dockerfile.directives.backslash,
      stage,
      base: result.config,
      buildArgs,
      globalArgs: this.#plan.globalArgs,
      platformArgs: this.#platformArgs,
      inherited: result.args,
      baseName: stage.from.base.text,
    })
    for (const name of evaluation.usedArgs) this.#usedArgs.add(name)
    const triggers = evaluation.steps.length - stage.instructions.length
    const of = stepsOf(stage) + evaluation.steps.slice(0, triggers).filter(({ work }) => work.kind !== 'none').length
    let at = 1
    for (const step of evaluation.steps) {
      if (this.#stop.signal.aborted) throw canceled()
      if (step.work.kind === 'none') {
        result.history.push(historyOf(step, result.created, true))
        continue
      }
      await this.#step(stage, step, result, `${this.#label(stage, ++at, of)} ${step.text}`)
    }
    return { ...result, config: evaluation.config, author: evaluation.author ?? result.author, args: evaluation.args }
  }

  #label({ index, name }: Stage, at: number, of: number): string {
    const platform = this.#input.platforms.length < 2 ? '' : `${formatPlatform(this.#platform)} `
    const stage = this.#plan.order.length === 1 ? '' : `${name ?? `stage-${index}`} `
    return `[${platform}${stage}${at}/${of}]`
  }

  async #base(stage: Stage): Promise<Result> {
    const { base } = stage
    const empty = {
      layers: [],
      history: [],
      config: {},
      author: undefined,
      args: new Map<string, string>(),
      platform: this.#platform,
      created: this.#now(),
      below: { layers: 0, history: 0 },
    }
    if (base.kind === 'scratch') return { ...empty, config: { Env: [DEFAULT_PATH], WorkingDir: '/' } }
    if (base.kind === 'stage') {
      const below = await this.#result(base.index)
      return { ...below, layers: [...below.layers], history: [...below.history] }
    }
    if (base.kind === 'context') return this.#filesAsBase(stage, base.name, { ...empty, config: { Env: [DEFAULT_PATH] } })
    return this.#telling.of(`${this.#label(stage, 1, stepsOf(stage))} FROM ${base.reference}`, async (say) => {
      const { image, layers } = await this.#pull(base.reference, stage.platform, say)
      const { configuration } = image
      const history = [...(configuration.history ?? [])]
      return {
        layers: [...layers],
        history,
        below: { layers: layers.length, history: history.length },
        config: configuration.config ?? {},
        author: configuration.author,
        args: new Map<string, string>(),
        platform: {
          os: configuration.os,
          architecture: configuration.architecture,
          ...(configuration.variant === undefined ? {} : { variant: configuration.variant }),
        },
        created: configuration.created ?? this.#now(),
      }
    })
  }

  /** `FROM` a context that is a folder: its files are the root file system. */
  async #filesAsBase({ from }: Stage, name: string, result: Result): Promise<Result> {
    const files = await this.#files(name)
    const title = `FROM ${name}`
    const number = this.#telling.start(title)
    const { source } = this.#input.dockerfile
    const step: Step = { at: from, source, text: title, createdBy: `COPY ${name} / # buildkit`, work: plainCopy('.'), config: result.config, author: undefined }
    await this.#made(step, { result, title, number, files })
    return result
  }

  /** Asked for once, whoever begins with it or copies from it. */
  #pull(reference: string, wanted: string | undefined, say: (line: string) => void): ReturnType<typeof baseImage> {
    const { context, pull, platforms } = this.#input
    const platform = wanted ?? (platforms.length === 0 ? undefined : formatPlatform(this.#platform))
    const key = `${platform ?? ''} ${reference}`
    let image = this.#images.get(key)
    if (image === undefined) {
      image = baseImage({ context, reference, platform, pull, signal: this.#stop.signal, say })
      this.#images.set(key, image)
    }
    return image
  }

  #now = (): string => fixedTime(this.#input.timestamp) ?? new Date().toISOString()

  #site(number: number): BuildSite {
    const { context, session, files, options, secrets, ssh, timestamp, onEvent } = this.#input
    const output = (bytes: Uint8Array) => onEvent({ kind: 'output', number, bytes })
    return { context, session, files, known: this.#known, options, secrets, ssh, timestamp, signal: this.#stop.signal, output }
  }

  async #step(stage: Stage, step: Step, result: Result, title: string): Promise<void> {
    const from = step.work.kind === 'copy' && step.work.from !== undefined ? await this.#from(stage, step, step.work.from) : {}
    const fresh = stage.name !== undefined && this.#input.noCacheFor.has(stage.name)
    const origins = new Map<string, Provenance>()
    for (const { from: word } of step.work.kind === 'run' ? step.work.mounts : [])
      if (word !== undefined) origins.set(word, await this.#from(stage, step, word))
    await this.#made(step, { result, title, number: this.#telling.start(title), from: from.layers, files: from.files, origins, fresh })
  }

  async #made(step: Step, { result, title, number, from, files = this.#input.files, origins = new Map(), fresh = false }: Making): Promise<void> {
    const { context, noCache, onEvent } = this.#input
    const say = (line: string) => onEvent({ kind: 'output', number, bytes: Buffer.from(`${line}\n`) })
    try {
      const layers = step.work.kind === 'copy' && step.work.link ? [] : result.layers.map(({ diffId }) => diffId)
      const site = { ...this.#site(number), files }
      const remotes = step.work.kind === 'copy' ? await remoteSources(site, step.work) : new Map<string, RemoteSource>()
      const doing = await prepareStep(site, step.work, layers, { from, remotes, origins })
      const key = stepKey(layers, { ...doing.facts, latest: this.#input.timestamp })
      const make = async (): Promise<CachedStep> => {
        await this.#cache.bring([...layers, ...(from ?? []), ...[...origins.values()].flatMap(({ layers: below = [] }) => below)], say)
        return { version: 1, layer: await doing.make(), created: this.#now(), text: step.text }
      }
      const { signal } = this.#stop
      const { step: done, cached } = await this.#cache.findOrMake(key, { text: step.text, fresh: noCache || fresh, signal, make })
      if (done.layer !== undefined) result.layers.push(done.layer)
      if (done.layer !== undefined || !cached) result.created = this.#input.timestamp === undefined ? done.created : this.#now()
      result.history.push(historyOf(step, this.#input.timestamp === undefined ? done.created : this.#now(), done.layer === undefined))
      onEvent({ kind: cached ? 'cached' : 'done', number })
    } catch (failure) {
      const error = this.#stop.signal.aborted ? canceled() : (diskFull(context, failure) ?? failure)
      onEvent({ kind: 'failed', number, title, step, error: isLost(error) ? canceled() : error })
      throw isCanceled(error) || isLost(error) ? error : located(ofPlatform(error, result.platform), step)
    }
  }

  async #from(stage: Stage, step: Step, word: string): Promise<Provenance> {
    const origin = originOf(this.#plan, word)
    if (origin === undefined || (origin.kind === 'stage' && origin.index === stage.index))
      throw syntaxError(step.source, step.at, `invalid from flag value ${word}`)
    if (origin.kind === 'scratch') return { layers: [] }
    if (origin.kind === 'context') return { files: await this.#files(origin.name) }
    if (origin.kind === 'stage') return { layers: (await this.#result(origin.index)).layers.map(({ diffId }) => diffId) }
    const { layers } = await this.#telling.of(`FROM ${origin.reference}`, (say) => this.#pull(origin.reference, undefined, say))
    return { layers: layers.map(({ diffId }) => diffId) }
  }

  /** Of a named context; fetched once. */
  #files(name: string): Promise<BuildContext> {
    let files = this.#contexts.get(name)
    if (files === undefined) {
      files = this.#telling.of(`[context ${name}] load`, () => this.#input.openContext(name, this.#stop.signal))
      this.#contexts.set(name, files)
    }
    return files
  }
}

interface Making {
  /** Of what is below; becomes that of the step. */
  result: Result
  title: string
  number: number
  /** Layers that it copies from. */
  from?: string[] | undefined
  /** The context that it copies from, where it is not the build's own. */
  files?: BuildContext | undefined
  /** What its mounts name. */
  origins?: ReadonlyMap<string, Provenance>
  /** Whatever the cache has. */
  fresh?: boolean
}
