import { type BaseVariables, checkVariables } from './check-variables.ts'
import type { Dockerfile, Instruction } from './instruction.ts'

/** What BuildKit's checks would say of a Dockerfile. */
export interface Finding {
  /** BuildKit's name of it. */
  rule: string
  message: string
  /** First and last line, from 1. */
  line: number
  endLine: number
}

type Rule =
  | 'ConsistentInstructionCasing'
  | 'DuplicateStageName'
  | 'ExposeProtoCasing'
  | 'FromAsCasing'
  | 'FromPlatformFlagConstDisallowed'
  | 'JSONArgsRecommended'
  | 'LegacyKeyValueFormat'
  | 'MaintainerDeprecated'
  | 'MultipleInstructionsDisallowed'
  | 'NoEmptyContinuation'
  | 'RedundantTargetPlatform'
  | 'ReservedStageName'
  | 'SecretsUsedInArgOrEnv'
  | 'StageNameCasing'
  | 'UndefinedArgInFrom'
  | 'WorkdirRelativePath'

/** `skip=Rule,Rule;error=true` of `# check=` and of BUILDKIT_DOCKERFILE_CHECK, which comes before it. */
export interface CheckSettings {
  skip: ReadonlySet<string> | 'all'
  error: boolean
}

export function checkSettings(directive: string | undefined, argument?: string): CheckSettings {
  const settings = new Map(
    (argument ?? directive ?? '').split(';').map((field) => [field.split('=')[0]!.trim(), field.slice(field.indexOf('=') + 1).trim()] as const),
  )
  const skip = settings.get('skip') ?? ''
  return { skip: skip === 'all' ? 'all' : new Set(skip.split(',').map((rule) => rule.trim())), error: settings.get('error') === 'true' }
}

/** In the order of the file. `variablesOf` tells of base images. Pure. */
export function checkDockerfile(dockerfile: Dockerfile, { skip }: CheckSettings, variablesOf: BaseVariables = () => undefined): Finding[] {
  const found = skip === 'all' ? [] : checkVariables(dockerfile, variablesOf).filter(({ rule }) => !skip.has(rule))
  const say = (rule: Rule, { line, endLine }: { line: number; endLine: number }, message: string) => {
    if (skip !== 'all' && !skip.has(rule)) found.push({ rule, message, line, endLine })
  }
  const stages = { names: new Set<string>(), args: new Set(PREDEFINED) }
  let stage: { seen: Set<string>; shell: boolean; workdir: boolean } | undefined
  const casing = casingOf(dockerfile.instructions)
  for (const instruction of dockerfile.instructions) {
    const word = wordOf(instruction)
    if (word !== casing(word))
      say(
        'ConsistentInstructionCasing',
        instruction,
        `Command '${word}' should match the case of the command majority (${casing('a') === 'A' ? 'uppercase' : 'lowercase'})`,
      )
    emptyContinuation(dockerfile, instruction, say)
    if (instruction.name === 'FROM') {
      stage = { seen: new Set(), shell: false, workdir: false }
      checkFrom(instruction, stages, say)
      continue
    }
    if (instruction.name === 'ARG' && stage === undefined) for (const { key } of instruction.args) stages.args.add(key.text)
    checkOne(instruction, word, stage, say)
  }
  return found.sort((a, b) => a.line - b.line)
}

type Say = (rule: Rule, at: { line: number; endLine: number }, message: string) => void

const PREDEFINED = ['BUILD', 'TARGET'].flatMap((side) => ['PLATFORM', 'OS', 'ARCH', 'VARIANT'].map((part) => `${side}${part}`))
const wordOf = ({ text }: Instruction) => /^\S+/.exec(text)![0]

function casingOf(instructions: readonly Instruction[]): (word: string) => string {
  const lower = instructions.filter((one) => wordOf(one) === wordOf(one).toLowerCase()).length
  const upper = instructions.filter((one) => wordOf(one) === wordOf(one).toUpperCase()).length
  return lower > upper ? (word) => word.toLowerCase() : (word) => word.toUpperCase()
}

function emptyContinuation({ source, directives }: Dockerfile, instruction: Instruction, say: Say): void {
  for (let line = instruction.line; line < instruction.endLine; line++) {
    const continues = source.lines[line - 1]!.trimEnd().endsWith(directives.backslash)
    if (!continues || source.lines[line]!.trim() !== '') continue
    say('NoEmptyContinuation', { line: line + 1, endLine: line + 1 }, `Empty continuation line found in: ${instruction.text}`)
    return
  }
}

function checkFrom(from: Extract<Instruction, { name: 'FROM' }>, { names, args }: { names: Set<string>; args: ReadonlySet<string> }, say: Say): void {
  const [, keyword, as = '', alias = ''] = /^(\S+)\s.*?\s(as)\s+(\S+)\s*$/is.exec(from.text) ?? []
  if (alias !== '') {
    if (alias !== alias.toLowerCase()) say('StageNameCasing', from, `Stage name '${alias}' should be lowercase`)
    if ((keyword === keyword!.toUpperCase()) !== (as === as.toUpperCase())) say('FromAsCasing', from, `'${as}' and '${keyword}' keywords' casing do not match`)
    const name = alias.toLowerCase()
    if (names.has(name)) say('DuplicateStageName', from, `Duplicate stage name "${alias}", stage names should be unique`)
    if (['context', 'scratch'].includes(name)) say('ReservedStageName', from, `Stage name should not use the same name as reserved stage "${name}"`)
    names.add(name)
  }
  for (const word of [from.base, from.platform]) {
    for (const [, braced, plain] of (word?.text ?? '').matchAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g)) {
      const name = braced ?? plain!
      if (!args.has(name)) say('UndefinedArgInFrom', from, `FROM argument '${name}' is not declared`)
    }
  }
  const platform = from.platform?.text
  if (platform === undefined) return
  if (/^\$(TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform))
    say('RedundantTargetPlatform', from, `Setting platform to predefined ${platform} in FROM is redundant as this is the default behavior`)
  else if (!platform.includes('$')) say('FromPlatformFlagConstDisallowed', from, `FROM --platform flag should not use constant value "${platform}"`)
}

const SECRET = /(?:^|_)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:$|_)/i
const PUBLIC = /(?:^|_)(?:public)(?:$|_)/i

function checkOne(instruction: Instruction, word: string, stage: { seen: Set<string>; shell: boolean; workdir: boolean } | undefined, say: Say): void {
  const { name } = instruction
  if (['CMD', 'ENTRYPOINT', 'HEALTHCHECK'].includes(name)) {
    if (stage?.seen.has(name))
      say(
        'MultipleInstructionsDisallowed',
        instruction,
        `Multiple ${name} instructions should not be used in the same stage because only the last one will be used`,
      )
    stage?.seen.add(name)
  }
  const secret = (key: string) => {
    if (SECRET.test(key) && !PUBLIC.test(key))
      say('SecretsUsedInArgOrEnv', instruction, `Do not use ARG or ENV instructions for sensitive data (${name} "${key}")`)
  }
  switch (name) {
    case 'MAINTAINER':
      return say('MaintainerDeprecated', instruction, 'Maintainer instruction is deprecated in favor of using label')
    case 'SHELL':
      if (stage !== undefined) stage.shell = true
      return
    case 'CMD':
    case 'ENTRYPOINT':
      // Who chose a shell wants it.
      if (instruction.command.form === 'shell' && stage?.shell !== true)
        say('JSONArgsRecommended', instruction, `JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`)
      return
    case 'WORKDIR': {
      const { text } = instruction.value
      if (!/^["']?[/$]/.test(text) && stage?.workdir !== true)
        say('WorkdirRelativePath', instruction, `Relative workdir "${text}" can have unexpected results if the base image changes`)
      if (/^["']?\//.test(text) && stage !== undefined) stage.workdir = true
      return
    }
    case 'EXPOSE':
      for (const { text } of instruction.words) {
        const protocol = /\/([^/]+)$/.exec(text)?.[1] ?? ''
        if (protocol !== protocol.toLowerCase()) say('ExposeProtoCasing', instruction, `Defined protocol '${text}' in EXPOSE instruction should be lowercase`)
      }
      return
    case 'ENV':
    case 'LABEL':
      if (/^\S+\s+[^\s="']+\s/.test(instruction.text))
        say('LegacyKeyValueFormat', instruction, `"${word} key=value" should be used instead of legacy "${word} key value" format`)
      if (name === 'ENV') for (const { key } of instruction.pairs) secret(key.text)
      return
    case 'ARG':
      for (const { key } of instruction.args) secret(key.text)
  }
}
