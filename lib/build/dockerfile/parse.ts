import { nearest } from '../../system/nearest.ts'
import { type Directives, readDirectives } from './directives.ts'
import { type Flags, readFlags } from './flags.ts'
import { healthcheck } from './healthcheck.ts'
import type { CommandLine, Dockerfile, Instruction, Pair } from './instruction.ts'
import { type LogicalLine, logicalLines } from './lines.ts'
import { type Source, syntaxError, type Word } from './source.ts'
import { jsonForm, plainWords, quotedWords } from './words.ts'

/** Reads a Dockerfile; `file` names it in messages. Checks form, and nothing that needs a variable. Throws BAD_DOCKERFILE. */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const source = { file, lines: text.replace(/^\uFEFF/, '').split(/\r?\n/) }
  const { directives, next } = readDirectives(source)
  const instructions = logicalLines(source, next, directives).map((line) => parseInstruction(source, directives, line))
  const first = instructions.find(({ name }) => name !== 'ARG')
  if (first === undefined)
    throw syntaxError(source, { line: 1, column: 1 }, instructions.length === 0 ? 'file with no instructions' : 'no build stage in current context', {
      hint: 'a Dockerfile begins with FROM',
    })
  if (first.name !== 'FROM')
    throw syntaxError(source, first, 'no build stage in current context', { hint: 'only ARG may stand before the first FROM', length: first.name.length })
  return { source, directives, instructions }
}

/** An instruction that an image has kept for those who build on it. Throws BAD_DOCKERFILE. */
export function parseTrigger(trigger: string, image: string): { source: Source; instruction: Instruction } {
  const source = { file: `ONBUILD of ${image}`, lines: trigger.split('\n') }
  const directives: Directives = { syntax: undefined, backslash: '\\', check: undefined }
  const [line] = logicalLines(source, 1, directives)
  if (line === undefined) throw syntaxError(source, { line: 1, column: 1 }, 'an empty trigger')
  return { source, instruction: parseInstruction(source, directives, line) }
}

interface Context {
  source: Source
  line: LogicalLine
  backslash: string
  name: string
  /** Offset of what follows the name and the flags. */
  rest: number
  flags: Flags
  base: Word & { endLine: number }
  fail(message: string, hint?: string): Error
}

function parseInstruction(source: Source, { backslash }: Directives, line: LogicalLine): Instruction {
  // Continuations and nothing else have no word.
  const word = /^\S*/.exec(line.text)![0]
  const name = word.toUpperCase()
  const base = { text: line.text, endLine: line.endLine, ...line.at(0) }
  if (!Object.hasOwn(parsers, name)) {
    const near = nearest(name, Object.keys(parsers))
    throw syntaxError(source, base, `unknown instruction: ${word}`, {
      length: word.length,
      hint: near === undefined ? `one of: ${Object.keys(parsers).join(' ')}` : `did you mean ${near}?`,
    })
  }
  const { flags, rest } = readFlags(source, line, name, word.length, backslash)
  const fail = (message: string, hint?: string) => syntaxError(source, base, message, { hint, length: word.length })
  const context: Context = { source, line, backslash, name, rest, flags, base, fail }
  if (rest >= line.text.length) throw fail(`${name} requires at least one argument`, usage[name])
  try {
    return parsers[name as keyof typeof parsers](context)
  } catch (error) {
    if (error instanceof SyntaxError) throw syntaxError(source, line.at(rest), error.message, { length: line.text.length - rest })
    throw error
  }
}

const usage: Readonly<Record<string, string>> = {
  ADD: 'ADD [--chown=OWNER] SOURCE... DESTINATION',
  COPY: 'COPY [--from=STAGE] [--chown=OWNER] SOURCE... DESTINATION',
  ENV: 'ENV NAME=VALUE ...',
  FROM: 'FROM [--platform=PLATFORM] IMAGE [AS NAME]',
  HEALTHCHECK: 'HEALTHCHECK [OPTIONS] CMD COMMAND, or HEALTHCHECK NONE',
  LABEL: 'LABEL NAME=VALUE ...',
  RUN: 'RUN [--mount=...] COMMAND',
  SHELL: 'SHELL ["PROGRAM", "ARGUMENT"]',
}

const single = (name: 'USER' | 'WORKDIR' | 'STOPSIGNAL' | 'MAINTAINER') => (context: Context) => ({ ...context.base, name, value: restWord(context) })
const many = (name: 'EXPOSE' | 'VOLUME') => (context: Context) => ({ ...context.base, name, words: listOrWords(context, name === 'VOLUME') })
const pairs = (name: 'ENV' | 'LABEL') => (context: Context) => ({ ...context.base, name, pairs: nameValues(context) })
const command = (name: 'CMD' | 'ENTRYPOINT') => (context: Context) => ({ ...context.base, name, command: commandLine(context) })

const parsers = {
  ADD: copy,
  ARG: (context: Context) => ({ ...context.base, name: 'ARG' as const, args: buildArgs(context) }),
  CMD: command('CMD'),
  COPY: copy,
  ENTRYPOINT: command('ENTRYPOINT'),
  ENV: pairs('ENV'),
  EXPOSE: many('EXPOSE'),
  FROM: from,
  HEALTHCHECK: (context: Context) => healthcheck(context.base, restText(context), (name) => context.flags.text(name)?.text),
  LABEL: pairs('LABEL'),
  MAINTAINER: single('MAINTAINER'),
  ONBUILD: onbuild,
  RUN: run,
  SHELL: shell,
  STOPSIGNAL: single('STOPSIGNAL'),
  USER: single('USER'),
  VOLUME: many('VOLUME'),
  WORKDIR: single('WORKDIR'),
}

const restText = ({ line, rest }: Context): string => line.text.slice(rest)

const restWord = (context: Context): Word => ({ text: restText(context), ...context.line.at(context.rest) })

function commandLine(context: Context): CommandLine {
  const text = restText(context)
  const words = jsonForm(text)
  return words === undefined ? { form: 'shell', text } : { form: 'exec', words }
}

function listOrWords(context: Context, json: boolean): Word[] {
  const list = json ? jsonForm(restText(context)) : undefined
  if (list === undefined) return plainWords(context.line, context.rest)
  const at = context.line.at(context.rest)
  return list.map((text) => ({ text, ...at }))
}

/** `a=b c=d`, or the old `a the rest`. */
function nameValues(context: Context): Pair[] {
  const { line, rest, backslash, name, source } = context
  const words = quotedWords(line, rest, backslash)
  const first = words[0]!
  if (!first.text.includes('=')) {
    if (words.length === 1) throw context.fail(`${name} must have two arguments`, usage[name])
    const at = words[1]!.offset
    return [{ key: first, value: { text: line.text.slice(at), ...line.at(at) } }]
  }
  return words.map((word) => {
    const equals = word.text.indexOf('=')
    if (equals === -1)
      throw syntaxError(source, word, `can't find = in ${JSON.stringify(word.text)}. Must be of the form: name=value`, { length: word.text.length })
    if (equals === 0) throw syntaxError(source, word, `${name} names can not be blank`, { length: word.text.length })
    return { key: { ...word, text: word.text.slice(0, equals) }, value: { text: word.text.slice(equals + 1), ...line.at(word.offset + equals + 1) } }
  })
}

function buildArgs({ line, rest, backslash, source }: Context): { key: Word; value: Word | undefined }[] {
  return quotedWords(line, rest, backslash).map((word) => {
    const equals = word.text.indexOf('=')
    if (equals === 0) throw syntaxError(source, word, 'ARG names can not be blank', { length: word.text.length })
    if (equals === -1) return { key: word, value: undefined }
    return { key: { ...word, text: word.text.slice(0, equals) }, value: { text: word.text.slice(equals + 1), ...line.at(word.offset + equals + 1) } }
  })
}

function from(context: Context): Instruction {
  const words = plainWords(context.line, context.rest)
  const [image, as, alias] = words
  if ((words.length !== 1 && words.length !== 3) || (as !== undefined && as.text.toUpperCase() !== 'AS'))
    throw context.fail('FROM requires either one or three arguments', usage['FROM'])
  const name = alias?.text.toLowerCase()
  if (name !== undefined && !/^[a-z][a-z0-9_.-]*$/.test(name)) {
    throw syntaxError(
      context.source,
      alias!,
      `invalid name for build stage: ${JSON.stringify(alias!.text)}, name can't start with a number or contain symbols`,
      {
        length: alias!.text.length,
      },
    )
  }
  return { ...context.base, name: 'FROM', base: image!, alias: name, platform: context.flags.text('platform') }
}

function run(context: Context): Instruction {
  const { line, flags } = context
  const line0 = commandLine(context)
  const [document, second] = line.hereDocuments
  // `RUN <<EOF` and nothing else: the document is the script. Otherwise the shell sees to it.
  const script = line0.form === 'shell' && document !== undefined && second === undefined && /^\d*<<-?\s*\S+$/.test(line0.text) ? document : undefined
  const text = line0.form === 'shell' ? line0.text + line.hereDocuments.map(({ name, content }) => `\n${content}${name}`).join('') : ''
  return {
    ...context.base,
    name: 'RUN',
    command: line0.form === 'shell' ? { form: 'shell', text } : line0,
    script,
    mounts: flags.list('mount'),
    network: flags.text('network'),
    security: flags.text('security'),
  }
}

function copy(context: Context): Instruction {
  const { line, flags, fail } = context
  const name = context.name as 'COPY' | 'ADD'
  const words = listOrWords(context, true)
  const documents = [...line.hereDocuments]
  const parts = joinMarks(words).map((word) => (documents.length > 0 && /^\d*<<-?/.test(word.text) ? documents.shift()! : word))
  if (parts.length < 2) throw fail(`${name} requires at least two arguments, but only one was provided. Destination could not be determined.`, usage[name])
  const destination = parts.pop()!
  if (!('line' in destination)) throw fail(`${name} cannot accept a heredoc as a destination`)
  return {
    ...context.base,
    name,
    sources: parts,
    destination,
    from: flags.text('from'),
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.isSet('link'),
    parents: flags.isSet('parents'),
    exclude: flags.list('exclude'),
    checksum: flags.text('checksum'),
    keepGitDir: flags.isSet('keep-git-dir'),
    unpack: flags.text('unpack') === undefined ? undefined : flags.isSet('unpack'),
  }
}

/** `<< EOF` is `<<EOF`. */
function joinMarks(words: Word[]): Word[] {
  return words.filter((word, index) => !(/^\d*<<-?$/.test(words[index - 1]?.text ?? '') && word !== undefined))
}

function shell(context: Context): Instruction {
  const words = jsonForm(restText(context))
  if (words === undefined) throw context.fail('SHELL requires the arguments to be in JSON form', usage['SHELL'])
  if (words.length === 0) throw context.fail('SHELL requires at least one argument', usage['SHELL'])
  return { ...context.base, name: 'SHELL', words }
}

function onbuild(context: Context): Instruction {
  const { line, rest, source } = context
  const text = restText(context)
  const word = /^\S+/.exec(text)![0]
  const instruction = word.toUpperCase()
  const at = line.at(rest)
  if (instruction === 'ONBUILD') throw syntaxError(source, at, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", { length: word.length })
  if (instruction === 'FROM' || instruction === 'MAINTAINER')
    throw syntaxError(source, at, `${instruction} isn't allowed as an ONBUILD trigger`, { length: word.length })
  // Its own mistakes are told here, where it is written, and not to those who build on the image.
  parseInstruction(
    source,
    { syntax: undefined, backslash: context.backslash as Directives['backslash'], check: undefined },
    {
      ...line,
      text,
      at: (offset) => line.at(rest + offset),
    },
  )
  const documents = line.hereDocuments.map(({ name, content }) => `\n${content}${name}`).join('')
  return { ...context.base, name: 'ONBUILD', trigger: text + documents }
}
