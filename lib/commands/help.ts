import yargs from 'yargs'
import type { Command } from '../cli/command.ts'
import type { OptionTable } from '../cli/options.ts'
import { describeOptions } from '../cli/yargs-help.ts'
import { outputStream, writeErr, writeOut } from '../system/output.ts'
import { groups, verbs } from './table.ts'

/** `lichen VERB --help` */
export async function helpOf(command: Command): Promise<void> {
  writeOut(await helpText(`lichen ${command.name}`, `Usage:  lichen ${command.name} ${command.usage}\n\n${command.summary}`, command.options))
}

/** `lichen --help` */
export async function helpOfAll(globals: OptionTable): Promise<void> {
  const names = Object.entries(verbs).filter(([, verb]) => verb.hidden !== true)
  const wide = Math.max(...names.map(([name]) => name.length)) + 2
  const list = names.map(([name, verb]) => `  ${name.padEnd(wide)}${verb.summary}`).join('\n')
  const more = Object.keys(groups)
    .map((group) => `lichen ${group} VERB`)
    .join(', ')
  const usage = `Usage:  lichen [OPTIONS] COMMAND\n\nContainers without root and without a daemon\n\nCommands:\n${list}\n\nAlso as in Docker: ${more}`
  writeOut(await helpText('lichen', usage, globals))
  writeOut("\nRun 'lichen COMMAND --help' for more on a command.\n")
}

/** `lichen container --help`; said on stderr, as Docker does, where it was not asked for. */
export function helpOfGroup(name: string, asked: boolean): void {
  const words = Object.entries(groups[name]!).map(([word, [verb = '']]) => [word, verbs[verb]?.summary ?? ''] as const)
  const wide = Math.max(...words.map(([word]) => word.length)) + 2
  const list = words.map(([word, summary]) => `  ${word.padEnd(wide)}${summary}`).sort()
  const text = `Usage:  lichen ${name} COMMAND\n\nManage ${name === 'system' ? 'lichen' : `${name}s`}\n\nCommands:\n${list.join('\n')}\n`
  const write = asked ? writeOut : writeErr
  write(`${text}\nRun 'lichen ${name} COMMAND --help' for more information on a command.\n`)
}

async function helpText(name: string, usage: string, options: OptionTable): Promise<string> {
  const columns = outputStream(1).columns ?? 120
  const parser = describeOptions(yargs([]).scriptName(name).version(false).help(false).wrap(Math.min(columns, 120)), options)
  // Not by yargs's usage(), which takes the blanks in front of lines away.
  return `${usage}\n\n${(await parser.getHelp()).trim()}\n`
}
