import { expandWord, type Lookup } from './dockerfile/expand.ts'
import type { CopyInstruction, Dockerfile, FromInstruction, Instruction, RunInstruction } from './dockerfile/instruction.ts'
import { parseMount } from './dockerfile/mount-flag.ts'
import { syntaxError, type Word } from './dockerfile/source.ts'

/** Where the files of a `FROM`, a `--from` or a mount come from. */
export type Origin =
  | { kind: 'scratch' }
  | { kind: 'stage'; index: number }
  | { kind: 'image'; reference: string }
  /** Files that `--build-context` names. */
  | { kind: 'context'; name: string }

/** `--build-context`, by name: each comes before a stage or an image that is called so. */
export type NamedContexts = ReadonlyMap<string, Exclude<Origin, { kind: 'stage' }>>

export interface Stage {
  index: number
  /** Lower case. */
  name: string | undefined
  from: FromInstruction
  base: Origin
  platform: string | undefined
  instructions: Exclude<Instruction, FromInstruction>[]
}

export interface BuildSettings {
  buildArgs: ReadonlyMap<string, string>
  /** Name or number; undefined: the last. */
  target: string | undefined
  /** BUILDPLATFORM, TARGETARCH and their kin. */
  platformArgs: ReadonlyMap<string, string>
  contexts: NamedContexts
}

export interface StagePlan {
  contexts: NamedContexts
  stages: Stage[]
  /** Those that the target needs, each behind what it needs itself; the target is the last. */
  order: number[]
  /** Of the ARGs in front of the first FROM. */
  globalArgs: ReadonlyMap<string, string>
}

/** Which stages there are, and in which order they are to be built. Pure. Throws BAD_DOCKERFILE. */
export function planStages(dockerfile: Dockerfile, settings: BuildSettings): StagePlan {
  const { source, directives } = dockerfile
  const { contexts } = settings
  const globalArgs = new Map<string, string>()
  const lookup: Lookup = (name) => globalArgs.get(name) ?? settings.platformArgs.get(name)
  const expand = (word: Word): string => {
    try {
      return expandWord(word.text, lookup, { backslash: directives.backslash })
    } catch (error) {
      throw error instanceof SyntaxError ? syntaxError(source, word, error.message, { length: word.text.length }) : error
    }
  }
  const stages: Stage[] = []
  for (const instruction of dockerfile.instructions) {
    if (instruction.name === 'FROM') stages.push(stageOf(instruction, { before: stages, contexts, expand, dockerfile }))
    else if (stages.length > 0) {
      const { name, instructions } = stages.at(-1)!
      // A context in its place is what the stage would have come to.
      if (name === undefined || contextNamed(contexts, name) === undefined) instructions.push(instruction)
    } else if (instruction.name === 'ARG') {
      for (const { key, value } of instruction.args) {
        const given = settings.buildArgs.get(key.text) ?? (value === undefined ? undefined : expand(value))
        if (given !== undefined) globalArgs.set(key.text, given)
      }
    }
  }
  return { contexts, stages, order: orderOf(dockerfile, { stages, contexts }, targetOf(stages, settings.target)), globalArgs }
}

interface StageSurroundings {
  before: readonly Stage[]
  contexts: NamedContexts
  expand(word: Word): string
  dockerfile: Dockerfile
}

function stageOf(from: FromInstruction, { before, contexts, expand, dockerfile: { source } }: StageSurroundings): Stage {
  const reference = expand(from.base)
  if (reference.trim() === '')
    throw syntaxError(source, from.base, `base name (${from.base.text}) should not be blank`, {
      length: from.base.text.length,
      hint: 'an ARG that FROM uses stands in front of the first FROM',
    })
  const earlier = before.findLast(({ name }) => name !== undefined && name === reference.toLowerCase())
  const inPlace = (from.alias === undefined ? undefined : contextNamed(contexts, from.alias)) ?? contextNamed(contexts, reference)
  const base: Origin =
    inPlace ?? (earlier !== undefined ? { kind: 'stage', index: earlier.index } : reference === 'scratch' ? { kind: 'scratch' } : { kind: 'image', reference })
  const platform = from.platform === undefined ? undefined : expand(from.platform)
  return { index: before.length, name: from.alias, from, base, platform: platform || undefined, instructions: [] }
}

function targetOf(stages: readonly Stage[], target: string | undefined): Stage {
  if (target === undefined) return stages.at(-1)!
  const named = stages.findLast(({ name }) => name === target.toLowerCase()) ?? (/^\d+$/.test(target) ? stages[Number(target)] : undefined)
  if (named !== undefined) return named
  const names = stages.flatMap(({ name }) => (name === undefined ? [] : [name]))
  throw new StageMissing(`target stage ${JSON.stringify(target)} could not be found`, names)
}

/** `--target` names no stage. */
export class StageMissing extends Error {
  readonly names: readonly string[]

  constructor(message: string, names: readonly string[]) {
    super(message)
    this.names = names
  }
}

/** What a word behind `--from` means. */
export function originOf({ stages, contexts }: Pick<StagePlan, 'stages' | 'contexts'>, word: string): Origin | undefined {
  const context = contextNamed(contexts, word)
  if (context !== undefined) return context
  if (word === 'scratch') return { kind: 'scratch' }
  if (/^\d+$/.test(word)) {
    const index = Number(word)
    return index < stages.length ? { kind: 'stage', index } : undefined
  }
  const named = stages.findLast(({ name }) => name === word.toLowerCase())
  return named === undefined ? { kind: 'image', reference: word } : { kind: 'stage', index: named.index }
}

/** Names of images are compared as Docker means them: `alpine` is `docker.io/library/alpine:latest`. */
function contextNamed(contexts: NamedContexts, word: string): Exclude<Origin, { kind: 'stage' }> | undefined {
  if (contexts.size === 0) return undefined
  for (const [name, origin] of contexts) if (wholeName(name) === wholeName(word)) return origin
  return undefined
}

function wholeName(word: string): string {
  const name = word.toLowerCase().replace(/^docker\.io\/(library\/)?/, '')
  return /[:@][^/]*$/.test(name) ? name : `${name}:latest`
}

function orderOf({ source }: Dockerfile, plan: Pick<StagePlan, 'stages' | 'contexts'>, target: Stage): number[] {
  const order: number[] = []
  const open = new Set<number>()
  const visit = (stage: Stage, at: Word): void => {
    if (order.includes(stage.index)) return
    if (open.has(stage.index))
      throw syntaxError(source, at, `circular dependency detected on stage: ${stage.name ?? stage.index}`, { hint: 'a stage can not need its own result' })
    open.add(stage.index)
    if (stage.base.kind === 'stage') visit(plan.stages[stage.base.index]!, stage.from.base)
    for (const word of stage.instructions.flatMap(references)) {
      const origin = originOf(plan, word.text)
      if (origin === undefined)
        throw syntaxError(source, word, `invalid from flag value ${word.text}: there is no stage of that number`, { length: word.text.length })
      if (origin.kind === 'image' && word.text.includes('$'))
        throw syntaxError(source, word, `variables are not expanded in --from: ${word.text}`, {
          length: word.text.length,
          hint: 'give the image a stage: FROM $IMAGE AS NAME',
        })
      if (origin.kind === 'stage') visit(plan.stages[origin.index]!, word)
    }
    open.delete(stage.index)
    order.push(stage.index)
  }
  visit(target, target.from)
  return order
}

function references(instruction: CopyInstruction | RunInstruction | Instruction): Word[] {
  if (instruction.name === 'COPY' || instruction.name === 'ADD') return instruction.from === undefined ? [] : [instruction.from]
  if (instruction.name !== 'RUN') return []
  return instruction.mounts.flatMap((mount) => {
    try {
      const { from } = parseMount(mount.text)
      return from === undefined ? [] : [{ ...mount, text: from }]
    } catch {
      // Told when the step is looked at, with its variables.
      return []
    }
  })
}
