import type { BuildContext } from '../build/context-files.ts'
import type { Dockerfile } from '../build/dockerfile/instruction.ts'
import type { NamedContexts } from '../build/stages.ts'
import type { Step } from '../build/work.ts'
import type { Platform } from '../image/manifest.ts'
import type { SharedPlace } from '../image/shared-cache.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { Context } from '../system/context.ts'
import type { BuildSession } from './build-container.ts'
import type { Exporting, Output } from './build-outputs.ts'
import type { CacheExport } from './build-shared-caches.ts'

/** What happens, for progress. `number` is that of the step in the order in which they began. */
export type BuildEvent =
  | { kind: 'started'; number: number; title: string }
  | { kind: 'cached'; number: number }
  | { kind: 'output'; number: number; bytes: Uint8Array }
  | { kind: 'done'; number: number }
  | { kind: 'failed'; number: number; title: string; step: Step | undefined; error: unknown }
  | { kind: 'warning'; text: string }

export interface BuildInput {
  context: Context
  session: BuildSession
  dockerfile: Dockerfile
  files: BuildContext
  /** `--build-context`. */
  contexts: NamedContexts
  /** The files of those that are no images. */
  openContext(name: string, signal: AbortSignal): Promise<BuildContext>
  target: string | undefined
  buildArgs: ReadonlyMap<string, string>
  /** None: this machine's. */
  platforms: readonly Platform[]
  noCache: boolean
  /** Names of stages that are done anew. */
  noCacheFor: ReadonlySet<string>
  pull: 'always' | 'missing' | 'never'
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** None: the result is but left in the cache. */
  outputs: readonly Output[]
  squash: boolean
  /** Caches of others, and where the steps of this build go to. */
  cacheFrom: readonly SharedPlace[]
  cacheTo: readonly CacheExport[]
  write: Exporting['write']
  /** Of every RUN. */
  options: Partial<CreateOptions>
  secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents, by id. */
  ssh: ReadonlyMap<string, string>
  /** Seconds since 1970 that all is as old as, at most. */
  timestamp: number | undefined
  signal: AbortSignal
  onEvent(event: BuildEvent): void
}
