import type { Command } from '../cli/command.ts'
import { helpText } from '../cli/help-text.ts'
import type { OptionTable } from '../cli/options.ts'
import { outputStream, writeErr, writeOut } from '../system/output.ts'
import { groups, verbs } from './table.ts'

const common = ['run', 'exec', 'ps', 'build', 'pull', 'push', 'images', 'login', 'logout', 'search', 'version', 'info']

/** Words of groups that are there for fingers used to them: `container list`, `volume remove`. */
const otherWords = ['list', 'ps', 'remove', 'unmount']

const groupSummaries: Readonly<Record<string, string>> = {
  builder: 'Manage builds',
  buildx: 'Manage builds',
  container: 'Manage containers',
  healthcheck: 'Check the health of containers',
  image: 'Manage images',
  manifest: 'Look at manifests',
  secret: 'Manage secrets',
  system: 'Manage lichen',
  volume: 'Manage volumes',
}

/** `lichen VERB --help`, by the words that called it. */
export function helpOf(command: Command, called: { verb: string; words: string }): void {
  const [, ...words] = called.words.split(' ')
  const { details, options } = command
  const summary = inGroup(words) ?? command.summary
  const [group = ''] = words
  const usage = summary === command.summary ? command.usage : `[OPTIONS] ${group.toUpperCase()} [${group.toUpperCase()}...]`
  writeOut(helpText({ words: called.words, usage, summary, details, aliases: aliasesOf(called.verb, words), options }, columns()))
}

/** `lichen --help` */
export function helpOfAll(globals: OptionTable): void {
  const shown = Object.entries(verbs).filter(([, verb]) => verb.hidden !== true)
  const wide = Math.max(...[...Object.keys(verbs), ...Object.keys(groups)].filter((name) => verbs[name]?.hidden !== true).map((name) => name.length)) + 3
  const list = (words: readonly (readonly [string, string])[]) => words.map(([word, summary]) => `  ${word.padEnd(wide)}${summary}`).join('\n')
  const details = [
    `Common Commands:\n${list(common.map((name) => [name, verbs[name]!.summary]))}`,
    `Management Commands:\n${list(
      Object.keys(groups)
        .sort()
        .map((group) => [group, groupSummaries[group] ?? '']),
    )}`,
    `Commands:\n${list(
      shown
        .filter(([name]) => !common.includes(name))
        .map(([name, verb]) => [name, verb.summary] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )}`,
  ].join('\n\n')
  const summary = `Containers without root and without a daemon\n\n${details}`
  writeOut(helpText({ words: 'lichen', usage: '[OPTIONS] COMMAND', summary, options: globals, optionsTitle: 'Global Options' }, columns()))
  writeOut("\nRun 'lichen COMMAND --help' for more information on a command.\n")
}

/** `lichen container --help`; said on stderr, as Docker does, where it was not asked for. */
export function helpOfGroup(name: string, asked: boolean): void {
  const words = Object.entries(groups[name]!)
    .filter(([word]) => !otherWords.includes(word))
    .map(([word, [verb = '']]) => [word, inGroup([name, word]) ?? verbs[verb]?.summary ?? ''] as const)
  const wide = Math.max(9, ...words.map(([word]) => word.length)) + 3
  const list = words.map(([word, summary]) => `  ${word.padEnd(wide)}${summary}`).sort()
  const text = `Usage:  lichen ${name} COMMAND\n\n${groupSummaries[name] ?? ''}\n\nCommands:\n${list.join('\n')}\n`
  const write = asked ? writeOut : writeErr
  write(`${text}\nRun 'lichen ${name} COMMAND --help' for more information on a command.\n`)
}

/** What a verb does when words of its group narrow it. */
function inGroup([group = '', word = '']: readonly string[]): string | undefined {
  if (word !== 'inspect' || !narrowed(group, word)) return undefined
  return `Display detailed information on one or more ${group}s`
}

const narrowed = (group: string, word: string) => (groups[group]?.[word]?.length ?? 0) > 1

/** All words that call the verb in the same way. */
function aliasesOf(verb: string, [group = '', word = '']: readonly string[]): string[] {
  if (narrowed(group, word)) return []
  const found = Object.entries(groups).flatMap(([name, words]) =>
    Object.entries(words)
      .filter(([, target]) => target.length === 1 && target[0] === verb)
      .map(([spoken]) => spoken)
      .sort((a, b) => Number(otherWords.includes(a)) - Number(otherWords.includes(b)))
      .map((spoken) => `lichen ${name} ${spoken}`),
  )
  return verbs[verb]?.hidden === true ? found : [...found, `lichen ${verb}`]
}

const columns = () => outputStream(1).columns ?? 80
