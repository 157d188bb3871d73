import { posix } from 'node:path'
import type { ImageConfig } from '../image/manifest.ts'
import { type ExpandOptions, expandWord, expandWords, type Lookup } from './dockerfile/expand.ts'
import type { CommandLine, CopyInstruction, HealthcheckInstruction, Instruction, RunInstruction } from './dockerfile/instruction.ts'
import { type ModeWish, parseMode } from './dockerfile/mode.ts'
import { parseMount } from './dockerfile/mount-flag.ts'
import { parseTrigger } from './dockerfile/parse.ts'
import { type Source, syntaxError, type Word } from './dockerfile/source.ts'
import { isWebAddress, parseGitAddress, withoutPasswords } from './git-address.ts'
import { exposedPorts } from './ports.ts'
import type { Stage } from './stages.ts'
import type { CopyWork, Step, Work } from './work.ts'

export interface Evaluation {
  steps: Step[]
  config: ImageConfig
  author: string | undefined
  /** Names of build arguments that were asked for. */
  usedArgs: ReadonlySet<string>
  /** Arguments with their values, as they are in the end. */
  args: ReadonlyMap<string, string>
}

export interface EvaluateInput {
  source: Source
  backslash: '\\' | '`'
  stage: Stage
  /** Of the base image. */
  base: ImageConfig
  buildArgs: ReadonlyMap<string, string>
  globalArgs: ReadonlyMap<string, string>
  platformArgs: ReadonlyMap<string, string>
  /** Arguments of the stage that this one builds on: they go on. */
  inherited?: ReadonlyMap<string, string>
  /** As `--from` names it, for messages of triggers. */
  baseName: string
}

/** Arguments that need no ARG, and leave no trace in an image. */
const PROXY = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'FTP_PROXY', 'ftp_proxy', 'NO_PROXY', 'no_proxy', 'ALL_PROXY', 'all_proxy']

export const DEFAULT_SHELL = ['/bin/sh', '-c']

/** Follows the instructions of a stage: what each does, and what the configuration is then. Pure. Throws BAD_DOCKERFILE. */
export function evaluateStage(input: EvaluateInput): Evaluation {
  const state = new StageState(input)
  const { OnBuild: triggers = [], ...base } = input.base
  state.config = base
  for (const trigger of triggers) {
    const { source, instruction } = parseTrigger(trigger, input.baseName)
    state.take(instruction, source)
  }
  for (const instruction of input.stage.instructions) state.take(instruction, input.source)
  return { steps: state.steps, config: state.config, author: state.author, usedArgs: state.usedArgs, args: state.args }
}

class StageState {
  config: ImageConfig = {}
  author: string | undefined
  readonly steps: Step[] = []
  readonly usedArgs = new Set<string>(PROXY)
  readonly #input: EvaluateInput
  readonly args: Map<string, string>
  #cmdSet = false
  #source: Source

  constructor(input: EvaluateInput) {
    this.#input = input
    this.#source = input.source
    this.args = new Map(input.inherited)
  }

  take(instruction: Instruction, source: Source): void {
    this.#source = source
    const [work, createdBy] = this.#apply(instruction)
    const isAdd = instruction.name === 'ADD'
    const shown = (line: string) => (isAdd ? withoutPasswords(line) : line)
    const text = shown(instruction.text.replace(/\s+/g, ' '))
    this.steps.push({
      at: instruction,
      source,
      text,
      createdBy: createdBy === undefined ? text : shown(createdBy),
      work,
      config: this.config,
      author: this.author,
    })
  }

  #apply(instruction: Instruction): [work: Work, createdBy?: string] {
    const { config } = this
    switch (instruction.name) {
      case 'FROM':
        throw syntaxError(this.#source, instruction, "FROM isn't allowed here")
      case 'ARG':
        return this.#arg(instruction.args)
      case 'ENV': {
        const pairs = instruction.pairs.map(({ key, value }) => [this.#word(key), this.#word(value)] as const)
        this.config = { ...config, Env: pairs.reduce<string[]>((env, [name, value]) => withVariable(env, name, value), config.Env ?? []) }
        return [NONE, `ENV ${pairs.map((pair) => pair.join('=')).join(' ')}`]
      }
      case 'LABEL': {
        const pairs = instruction.pairs.map(({ key, value }) => [this.#word(key), this.#word(value)] as const)
        this.config = { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs) } }
        return [NONE, `LABEL ${pairs.map((pair) => pair.join('=')).join(' ')}`]
      }
      case 'RUN':
        return this.#run(instruction)
      case 'COPY':
      case 'ADD':
        return this.#copy(instruction)
      case 'CMD': {
        const Cmd = this.#command(instruction.command)
        this.config = { ...config, Cmd }
        this.#cmdSet = true
        return [NONE, `CMD ${quotedWords(Cmd)}`]
      }
      case 'ENTRYPOINT': {
        const Entrypoint = this.#command(instruction.command)
        // The command of the base was for its own entry point.
        this.config = { ...without(config, this.#cmdSet ? undefined : 'Cmd'), Entrypoint }
        return [NONE, `ENTRYPOINT ${quotedWords(Entrypoint)}`]
      }
      case 'SHELL':
        this.config = { ...config, Shell: instruction.words }
        return [NONE, `SHELL [${instruction.words.join(' ')}]`]
      case 'EXPOSE': {
        const ports = instruction.words.flatMap((word) => this.#trying(word, () => this.#words(word).flatMap(exposedPorts)))
        this.config = { ...config, ExposedPorts: { ...config.ExposedPorts, ...keys(ports) } }
        return [
          NONE,
          `EXPOSE map[${[...ports]
            .sort()
            .map((port) => `${port}:{}`)
            .join(' ')}]`,
        ]
      }
      case 'VOLUME': {
        const volumes = instruction.words.map((word) => this.#word(word))
        if (volumes.some((path) => path.trim() === '')) throw syntaxError(this.#source, instruction, 'VOLUME specified can not be an empty string')
        this.config = { ...config, Volumes: { ...config.Volumes, ...keys(volumes) } }
        return [NONE, `VOLUME [${volumes.join(' ')}]`]
      }
      case 'USER': {
        const User = this.#word(instruction.value)
        this.config = { ...config, User }
        return [NONE, `USER ${User}`]
      }
      case 'WORKDIR': {
        const path = posix.resolve(config.WorkingDir || '/', this.#word(instruction.value))
        this.config = { ...config, WorkingDir: path }
        return [{ kind: 'workdir', path, user: config.User ?? '' }, `WORKDIR ${path}`]
      }
      case 'STOPSIGNAL': {
        const StopSignal = this.#word(instruction.value)
        if (!/^(SIG)?[A-Z][A-Z0-9]*([+-]\d+)?$|^\d{1,2}$/i.test(StopSignal)) throw syntaxError(this.#source, instruction.value, `Invalid signal: ${StopSignal}`)
        this.config = { ...config, StopSignal }
        return [NONE, `STOPSIGNAL ${StopSignal}`]
      }
      case 'HEALTHCHECK':
        this.config = { ...config, Healthcheck: healthcheck(instruction) }
        return [NONE]
      case 'ONBUILD':
        this.config = { ...config, OnBuild: [...(config.OnBuild ?? []), instruction.trigger] }
        return [NONE, `ONBUILD ${instruction.trigger}`]
      case 'MAINTAINER':
        this.author = instruction.value.text
        return [NONE, `MAINTAINER ${instruction.value.text}`]
    }
  }

  /** What was given, else the default, else what the ARG in front of the first FROM has. */
  #arg(args: { key: Word; value: Word | undefined }[]): [Work, string] {
    const { buildArgs, globalArgs, platformArgs } = this.#input
    const values = args.map(({ key, value }) => {
      const name = this.#word(key)
      this.usedArgs.add(name)
      const given = buildArgs.get(name)
      if (given !== undefined) return [name, given] as const
      if (value !== undefined) return [name, this.#word(value)] as const
      return [name, globalArgs.get(name) ?? platformArgs.get(name)] as const
    })
    for (const [name, value] of values) {
      if (value === undefined) this.args.delete(name)
      else this.args.set(name, value)
    }
    return [NONE, `ARG ${values.map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join(' ')}`]
  }

  #run(instruction: RunInstruction): [Work, string] {
    const { config } = this
    const network = instruction.network === undefined ? 'default' : this.#word(instruction.network)
    if (!['default', 'none', 'host'].includes(network))
      throw syntaxError(this.#source, instruction.network!, `unsupported network mode ${JSON.stringify(network)}`)
    const security = instruction.security === undefined ? 'sandbox' : this.#word(instruction.security)
    if (security !== 'sandbox')
      throw syntaxError(this.#source, instruction.security!, `security mode ${JSON.stringify(security)} is not supported`, {
        hint: 'a build has no more rights than a container',
      })
    const mounts = instruction.mounts.map((mount) => this.#trying(mount, () => parseMount(this.#word(mount))))
    const script = instruction.script
    const interpreted = script?.content.startsWith('#!') ? script.content : undefined
    const args =
      interpreted !== undefined
        ? ['/dev/lichen-heredoc']
        : instruction.command.form === 'exec'
          ? instruction.command.words
          : [...(config.Shell ?? DEFAULT_SHELL), script?.content ?? instruction.command.text]
    const declared = [...this.args].map(([name, value]) => `${name}=${value}`)
    const proxies = PROXY.flatMap((name) => {
      const value = this.#input.buildArgs.get(name)
      return value === undefined || this.args.has(name) ? [] : [`${name}=${value}`]
    })
    const env = config.Env ?? []
    const names = new Set(env.map((entry) => entry.slice(0, entry.indexOf('='))))
    const visible = declared.filter((entry) => !names.has(entry.slice(0, entry.indexOf('='))))
    const work: Work = {
      kind: 'run',
      args,
      script: interpreted,
      env: [...visible, ...env],
      secretEnv: proxies,
      user: config.User ?? '',
      workdir: config.WorkingDir || '/',
      network,
      mounts,
    }
    const shown = script === undefined ? args.join(' ') : `${(config.Shell ?? DEFAULT_SHELL).join(' ')} ${script.content}`
    return [work, `RUN ${visible.length === 0 ? '' : `|${visible.length} ${visible.join(' ')} `}${shown} # buildkit`]
  }

  #copy(instruction: CopyInstruction): [Work, string] {
    const sources = instruction.sources.map((part) =>
      'content' in part ? { name: part.name, content: part.expand ? this.#document(instruction, part.content) : part.content } : this.#word(part as Word),
    )
    const written = this.#word(instruction.destination)
    const destination = posix.resolve(this.config.WorkingDir || '/', written)
    if (instruction.checksum !== undefined && sources.some((source) => typeof source !== 'string' || !isAddress(source)))
      throw syntaxError(this.#source, instruction.checksum, "checksum can't be specified for non-HTTP(S) and non-Git sources", {
        length: instruction.checksum.text.length,
      })
    const work: CopyWork = {
      kind: 'copy',
      add: instruction.name === 'ADD',
      from: instruction.from?.text,
      sources,
      destination,
      intoDirectory: /(^|\/)\.{0,2}$/.test(written),
      chown: instruction.chown === undefined ? '' : this.#owner(instruction.chown, instruction.link),
      mode: instruction.chmod === undefined ? undefined : this.#mode(instruction.chmod),
      exclude: instruction.exclude.map((word) => this.#word(word)),
      parents: instruction.parents,
      link: instruction.link,
      unpack: instruction.unpack,
      checksum: instruction.checksum === undefined ? undefined : this.#word(instruction.checksum),
      keepGitDir: instruction.keepGitDir,
    }
    const flags = [
      ...(work.parents ? ['--parents'] : []),
      ...(work.chown === '' ? [] : [`--chown=${work.chown}`]),
      ...(instruction.chmod === undefined ? [] : [`--chmod=${this.#word(instruction.chmod)}`]),
    ]
    const shown = [instruction.name, ...flags, ...sources.map((part) => (typeof part === 'string' ? part : `<<${part.name}`)), written]
    return [work, `${shown.join(' ')} # buildkit`]
  }

  #mode(word: Word): ModeWish {
    const text = this.#word(word)
    const mode = parseMode(text)
    if (mode !== undefined) return mode
    throw syntaxError(this.#source, word, `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777, or as u=rwX,go=rX`, {
      length: word.text.length,
    })
  }

  /** With --link nobody looks into the files of the image, where names are. */
  #owner(word: Word, link: boolean): string {
    const text = this.#word(word)
    if (!link) return text
    const ids = text.split(':').map((id) => (id === 'root' ? '0' : id))
    if (ids.every((id) => /^\d*$/.test(id))) return ids.join(':')
    throw syntaxError(this.#source, word, `--chown=${text}: names can't be looked up with --link`, {
      length: word.text.length,
      hint: 'give numbers, or leave --link out',
    })
  }

  #command(line: CommandLine): string[] {
    return line.form === 'exec' ? line.words : [...(this.config.Shell ?? DEFAULT_SHELL), line.text]
  }

  readonly #lookup: Lookup = (name) => {
    const entry = (this.config.Env ?? []).findLast((candidate) => candidate.startsWith(`${name}=`))
    return entry === undefined ? this.args.get(name) : entry.slice(name.length + 1)
  }

  #word = (word: Word): string => this.#trying(word, () => expandWord(word.text, this.#lookup, this.#options()))

  #words = (word: Word): string[] => this.#trying(word, () => expandWords(word.text, this.#lookup, this.#options()))

  #document(at: Word, content: string): string {
    return this.#trying(at, () => expandWord(content, this.#lookup, { plainQuotes: true }))
  }

  #options(): ExpandOptions {
    return { backslash: this.#source === this.#input.source ? this.#input.backslash : '\\' }
  }

  #trying<T>(at: Word, fn: () => T): T {
    try {
      return fn()
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      throw syntaxError(this.#source, at, error.message, { length: at.text.length })
    }
  }
}

function isAddress(source: string): boolean {
  try {
    return isWebAddress(source) || parseGitAddress(source) !== undefined
  } catch {
    // Told when it is fetched.
    return true
  }
}

const NONE: Work = { kind: 'none' }

/** As Go prints a list with %q. */
const quotedWords = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`

const keys = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map((name) => [name, {}]))

function without(config: ImageConfig, key: 'Cmd' | undefined): ImageConfig {
  if (key === undefined) return config
  const { [key]: _, ...rest } = config
  return rest
}

function withVariable(env: readonly string[], name: string, value: string): string[] {
  const at = env.findIndex((entry) => entry.startsWith(`${name}=`))
  return at === -1 ? [...env, `${name}=${value}`] : env.with(at, `${name}=${value}`)
}

function healthcheck(instruction: HealthcheckInstruction): NonNullable<ImageConfig['Healthcheck']> {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction
  if (command === undefined) return { Test: ['NONE'] }
  return {
    Test: command.form === 'shell' ? ['CMD-SHELL', command.text] : ['CMD', ...command.words],
    ...(interval === 0 ? {} : { Interval: interval }),
    ...(timeout === 0 ? {} : { Timeout: timeout }),
    ...(startPeriod === 0 ? {} : { StartPeriod: startPeriod }),
    ...(startInterval === 0 ? {} : { StartInterval: startInterval }),
    ...(retries === 0 ? {} : { Retries: retries }),
  }
}
