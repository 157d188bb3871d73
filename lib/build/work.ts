import type { HistoryEntry, ImageConfig } from '../image/manifest.ts'
import type { ModeWish } from './dockerfile/mode.ts'
import type { RunMount } from './dockerfile/mount-flag.ts'
import type { Source, Word } from './dockerfile/source.ts'

/** What a step does to the files; all variables are carried out. */
export type Work =
  | { kind: 'none' }
  /** `user` as in the configuration: what is made is that user's, as with BuildKit. */
  | { kind: 'workdir'; path: string; user: string }
  | {
      kind: 'run'
      args: string[]
      script: string | undefined
      env: string[]
      secretEnv: string[]
      user: string
      workdir: string
      network: string
      mounts: RunMount[]
    }
  | CopyWork

export interface CopyWork {
  kind: 'copy'
  add: boolean
  /** As it was written; undefined: the context. */
  from: string | undefined
  sources: (string | { name: string; content: string })[]
  /** Absolute, tidied up. */
  destination: string
  /** It is said to be a directory, by a slash. */
  intoDirectory: boolean
  chown: string
  mode: ModeWish | undefined
  exclude: string[]
  parents: boolean
  /** Made upon nothing: it looks at nothing below, and is the same whatever that is. */
  link: boolean
  unpack: boolean | undefined
  checksum: string | undefined
  keepGitDir: boolean
}

/** `COPY SOURCE /`: what a bind mount of the context shows, too. */
export const plainCopy = (source: string): CopyWork => ({
  kind: 'copy',
  add: false,
  from: undefined,
  sources: [source],
  destination: '/',
  intoDirectory: true,
  chown: '',
  mode: undefined,
  exclude: [],
  parents: false,
  link: false,
  unpack: undefined,
  checksum: undefined,
  keepGitDir: false,
})

export interface Step {
  /** Where it is written. */
  at: Word & { endLine: number }
  source: Source
  /** As progress shows it: `RUN make`. */
  text: string
  createdBy: string
  work: Work
  /** Of an image that ends here. */
  config: ImageConfig
  author: string | undefined
}

/** The line that `history` shows of a step, in the form of BuildKit's frontend: tools that read Dockerfiles out of images know that one. */
export const historyOf = (step: Pick<Step, 'createdBy' | 'author'>, created: string, emptyLayer: boolean): HistoryEntry => ({
  created,
  ...(step.author === undefined ? {} : { author: step.author }),
  created_by: step.createdBy,
  comment: 'buildkit.dockerfile.v0',
  ...(emptyLayer ? { empty_layer: true } : {}),
})
