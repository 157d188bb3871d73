import type { Directives } from './directives.ts'
import type { HereDocument } from './lines.ts'
import type { Source, Word } from './source.ts'

/** A Dockerfile, read; nothing in it is expanded yet. */
export interface Dockerfile {
  source: Source
  directives: Directives
  instructions: Instruction[]
}

interface Base extends Word {
  /** The last line that belongs to it. */
  endLine: number
}

/** For a shell, here-documents included; or words to be executed as they are. */
export type CommandLine = { form: 'shell'; text: string } | { form: 'exec'; words: string[] }

export interface Pair {
  key: Word
  value: Word
}

export interface FromInstruction extends Base {
  name: 'FROM'
  base: Word
  /** Lower case. */
  alias: string | undefined
  platform: Word | undefined
}

export interface RunInstruction extends Base {
  name: 'RUN'
  command: CommandLine
  /** The whole command is one here-document: a script. */
  script: HereDocument | undefined
  mounts: Word[]
  network: Word | undefined
  security: Word | undefined
}

export interface CopyInstruction extends Base {
  name: 'COPY' | 'ADD'
  sources: (Word | (HereDocument & { text?: never }))[]
  destination: Word
  from: Word | undefined
  chown: Word | undefined
  chmod: Word | undefined
  link: boolean
  parents: boolean
  exclude: Word[]
  checksum: Word | undefined
  keepGitDir: boolean
  /** Undefined: tar archives of the context are unpacked, those of the network are not. */
  unpack: boolean | undefined
}

export interface HealthcheckInstruction extends Base {
  name: 'HEALTHCHECK'
  /** Undefined: NONE. */
  command: CommandLine | undefined
  /** Nanoseconds; 0: inherited. */
  interval: number
  timeout: number
  startPeriod: number
  startInterval: number
  retries: number
}

export type Instruction =
  | FromInstruction
  | RunInstruction
  | CopyInstruction
  | HealthcheckInstruction
  | (Base & { name: 'ENV' | 'LABEL'; pairs: Pair[] })
  | (Base & { name: 'ARG'; args: { key: Word; value: Word | undefined }[] })
  | (Base & { name: 'CMD' | 'ENTRYPOINT'; command: CommandLine })
  | (Base & { name: 'SHELL'; words: string[] })
  | (Base & { name: 'EXPOSE' | 'VOLUME'; words: Word[] })
  | (Base & { name: 'USER' | 'WORKDIR' | 'STOPSIGNAL' | 'MAINTAINER'; value: Word })
  | (Base & { name: 'ONBUILD'; trigger: string })
