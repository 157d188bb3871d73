import { posix } from 'node:path'
import { expandWord } from './dockerfile/expand.ts'
import type { Dockerfile } from './dockerfile/instruction.ts'
import type { Source } from './dockerfile/source.ts'
import { evaluateStage } from './evaluate.ts'
import { type BuildSettings, planStages, type Stage } from './stages.ts'

/** Lines of the Dockerfile, from 1. */
export interface Lines {
  line: number
  endLine: number
}

export interface OutlinedTarget extends Lines {
  name: string | undefined
  isDefault: boolean
  /** The comment above it that begins with its name. */
  description: string | undefined
  base: string
  platform: string | undefined
}

/** What a target takes: arguments, secrets, agents. */
export interface Outline {
  target: OutlinedTarget
  args: (Lines & { name: string; value: string | undefined; description: string | undefined })[]
  secrets: (Lines & { name: string; required: boolean })[]
  ssh: (Lines & { name: string; required: boolean })[]
}

/** All stages, in their order. Pure. Throws BAD_DOCKERFILE. */
export function listTargets(dockerfile: Dockerfile, settings: BuildSettings): OutlinedTarget[] {
  const { stages } = planStages(dockerfile, { ...settings, target: undefined })
  return stages.map((stage) => targetOf(stage, dockerfile.source, stage.index === stages.length - 1))
}

/** Of the target and the stages that it needs; base images are not looked at. Pure. Throws BAD_DOCKERFILE, StageMissing. */
export function outlineTarget(dockerfile: Dockerfile, settings: BuildSettings): Outline {
  const { source, directives } = dockerfile
  const plan = planStages(dockerfile, settings)
  const outline: Outline = { target: targetOf(plan.stages[plan.order.at(-1)!]!, source, settings.target === undefined), args: [], secrets: [], ssh: [] }
  const add = <T extends { name: string }>(list: T[], entry: T) => {
    if (!list.some(({ name }) => name === entry.name)) list.push(entry)
  }
  const stages = plan.order.map((index) => plan.stages[index]!)
  const ends = new Map<number, ReadonlyMap<string, string>>()
  for (const { key, at } of globalArgs(dockerfile))
    if (isUsed(key, stages)) add(outline.args, { name: key, value: plan.globalArgs.get(key), description: commentOf(source, at, key), ...linesOf(at) })
  for (const stage of stages) {
    const inherited = stage.base.kind === 'stage' ? ends.get(stage.base.index) : undefined
    const { steps, args } = evaluateStage({
      source,
      backslash: directives.backslash,
      stage,
      base: {},
      buildArgs: settings.buildArgs,
      globalArgs: plan.globalArgs,
      platformArgs: settings.platformArgs,
      ...(inherited === undefined ? {} : { inherited }),
      baseName: stage.from.base.text,
    })
    ends.set(stage.index, args)
    for (const instruction of stage.instructions)
      for (const { key } of instruction.name === 'ARG' ? instruction.args : [])
        add(outline.args, { name: key.text, value: args.get(key.text), description: commentOf(source, instruction, key.text), ...linesOf(instruction) })
    for (const { work, at } of steps)
      for (const { type, id, source: from, target, required } of work.kind === 'run' ? work.mounts : []) {
        if (type === 'secret') add(outline.secrets, { name: id ?? (from || posix.basename(target ?? '')), required, ...linesOf(at) })
        if (type === 'ssh') add(outline.ssh, { name: id ?? 'default', required, ...linesOf(at) })
      }
  }
  for (const list of [outline.args, outline.secrets, outline.ssh]) list.sort((a, b) => a.line - b.line)
  return outline
}

const linesOf = ({ line, endLine }: Lines): Lines => ({ line, endLine })

const targetOf = ({ name, from, platform }: Stage, source: Source, isDefault: boolean): OutlinedTarget => ({
  name,
  isDefault,
  description: name === undefined ? undefined : commentOf(source, from, name),
  base: from.base.text,
  platform,
  ...linesOf(from),
})

function* globalArgs({ instructions }: Dockerfile) {
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') return
    if (instruction.name === 'ARG') for (const { key } of instruction.args) yield { key: key.text, at: instruction }
  }
}

/** By the FROM of a stage that is needed. Those of the stages themselves tell by an ARG of their own. */
function isUsed(key: string, stages: readonly Stage[]): boolean {
  let asked = false
  for (const { from } of stages)
    for (const word of [from.base, ...(from.platform === undefined ? [] : [from.platform])]) {
      expandWord(word.text, (name) => {
        asked ||= name === key
        return 'x'
      })
    }
  return asked
}

/** `# NAME what it is for`, right above. */
function commentOf({ lines }: Source, { line }: Lines, name: string): string | undefined {
  for (let at = line - 2; at >= 0 && /^\s*#/.test(lines[at]!); at--) {
    const text = lines[at]!.trim().slice(1).trim()
    if (text.startsWith(`${name} `)) return text.slice(name.length + 1)
  }
  return undefined
}
