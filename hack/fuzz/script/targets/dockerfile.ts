// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { checkDockerfile, checkSettings } from '../../../../lib/build/dockerfile/check.ts'
import { expandWord, expandWords } from '../../../../lib/build/dockerfile/expand.ts'
import type { Dockerfile, Instruction } from '../../../../lib/build/dockerfile/instruction.ts'
import { parseMount } from '../../../../lib/build/dockerfile/mount-flag.ts'
import { parseDockerfile, parseTrigger } from '../../../../lib/build/dockerfile/parse.ts'
import type { Source, Word } from '../../../../lib/build/dockerfile/source.ts'
import { LichenError } from '../../../../lib/system/errors.ts'
import { allow, type FuzzTarget, must } from './target.ts'

/** The position in a message is one of the file; behind the end of a line is a place, too. */
function isPlaced(error: unknown, lines: readonly string[]): boolean {
  if (!(error instanceof LichenError) || error.code !== 'BAD_DOCKERFILE') return false
  const [, line, column] = /^[^:]+:(\d+):(\d+): /.exec(error.message) ?? []
  checkPosition(lines, { line: Number(line), column: Number(column) })
  return true
}

function checkPosition(lines: readonly string[], { line, column }: { line: number; column: number }): void {
  must(line >= 1 && line <= lines.length, `line ${line} is one of ${lines.length}`)
  must(column >= 1 && column <= lines[line - 1]!.length + 1, `column ${column} is one of line ${line}`)
}

/** Variables, so that what follows upon their values is reached. */
const values: Readonly<Record<string, string>> = { a: 'a', path: '/a/b//c.tar.gz', empty: '', long: 'ab/'.repeat(100) }
const lookup = (name: string) => values[name]
const isSyntax = (error: unknown) => error instanceof SyntaxError && !error.message.includes('regular expression')

/** All that is a word with a place, wherever it is in an instruction. */
function words(value: unknown): Word[] {
  if (typeof value !== 'object' || value === null) return []
  const isWord = 'text' in value && 'line' in value && 'column' in value
  return [...(isWord ? [value as Word] : []), ...Object.values(value).flatMap(words)]
}

function expandAll({ source }: { source: Source }, instruction: Instruction, backslash: string): void {
  must(instruction.endLine >= instruction.line && instruction.endLine <= source.lines.length, 'an instruction ends in the file')
  for (const word of words(instruction)) {
    checkPosition(source.lines, word)
    allow(() => expandWord(word.text, lookup, { backslash }), isSyntax)
    allow(() => expandWords(word.text, lookup, { backslash, plainQuotes: true }), isSyntax)
  }
  if (instruction.name === 'RUN') for (const mount of instruction.mounts) allow(() => parseMount(mount.text), isSyntax)
  if (instruction.name === 'ONBUILD')
    allow(
      () => parseTrigger(instruction.trigger, 'image'),
      (error) => isPlaced(error, instruction.trigger.split('\n')),
    )
}

function checkAll(dockerfile: Dockerfile): void {
  for (const { line, endLine } of checkDockerfile(dockerfile, checkSettings(dockerfile.directives.check))) {
    must(line >= 1 && line <= endLine && endLine <= dockerfile.source.lines.length, 'a finding is about lines of the file')
  }
}

/** Dockerfiles, from the bytes to words that have been expanded; and the triggers that images have. */
export const target: FuzzTarget = {
  max: 4096,
  words: [
    '\\\n',
    '<<EOF\n',
    '\nEOF\n',
    '<<-"E"',
    '# escape=`\n',
    '# check=skip=all\n',
    '${a:-',
    '${path##*/}',
    '${long//',
    '["a"]',
    'FROM a\n',
    ' AS b',
    '--mount=type=',
    '$a',
    '"',
    "'",
  ],
  run(input) {
    const text = input.toString()
    const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
    const dockerfile = allow(
      () => parseDockerfile(text, 'Dockerfile'),
      (error) => isPlaced(error, lines),
    )
    allow(
      () => parseTrigger(text, 'image'),
      (error) => isPlaced(error, text.split('\n')),
    )
    if (dockerfile === undefined) return
    for (const instruction of dockerfile.instructions) expandAll(dockerfile, instruction, dockerfile.directives.backslash)
    checkAll(dockerfile)
  },
}
