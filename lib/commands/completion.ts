import { readdir } from 'node:fs/promises'
import yargs from 'yargs'
import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { describeOptions } from '../cli/yargs-options.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { listReferences } from '../image/references.ts'
import { listVolumes } from '../storage/list-volumes.ts'
import { listSecrets } from '../storage/secrets.ts'
import type { Context } from '../system/context.ts'
import { openContext } from '../system/open-context.ts'
import { namesDir } from '../system/paths.ts'
import { printLines } from './print.ts'
import { groups, verbs } from './table.ts'

const bash = `_lichen() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(lichen completion --words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _lichen lichen`

const zsh = `#compdef lichen
_lichen() {
  local -a found
  found=("\${(@f)$(lichen completion --words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${#found[1]} )); then compadd -a found; else _files; fi
}
compdef _lichen lichen`

export const completion = command({
  name: 'completion',
  summary: 'Print a completion script for bash or zsh',
  usage: 'bash|zsh',
  options: optionTable({ words: { type: 'boolean', hidden: true, description: 'What may stand in place of the last word given' } }),
  positionals: { min: 1, max: Infinity, stopAtFirst: true },
  async run({ options, positionals }, globals) {
    if (options.words) {
      printLines(await candidates(positionals, async (kind) => namesOf(await openContext(globals), kind)))
      return 0
    }
    const script = { bash, zsh }[positionals[0]!]
    if (script === undefined) throw usageError(`no completion for ${positionals[0]}`, 'bash or zsh')
    printLines([script])
    return 0
  },
})

type Kind = 'container' | 'image' | 'secret' | 'volume'

async function namesOf(context: Context, kind: Kind): Promise<string[]> {
  if (kind === 'container') return readdir(namesDir(context.paths)).catch(() => [])
  if (kind === 'volume') return listVolumes(context)
  if (kind === 'secret') return (await listSecrets(context)).map(({ name }) => name)
  return (await listReferences(context)).map(({ reference }) => familiarReference(parseReference(reference)))
}

async function candidates(words: readonly string[], names: (kind: Kind) => Promise<string[]>): Promise<string[]> {
  const [first = '', second = ''] = words
  const begun = words.at(-1) ?? ''
  const fitting = (names: readonly string[]) => names.filter((name) => name.startsWith(begun))
  if (words.length <= 1) return fitting([...Object.keys(verbs), ...Object.keys(groups)])
  const group = Object.hasOwn(groups, first) ? groups[first] : undefined
  if (group !== undefined && words.length === 2) return fitting(Object.keys(group))
  const verb = group === undefined ? first : (group[second]?.[0] ?? '')
  if (!Object.hasOwn(verbs, verb)) return []
  const { options, positionals } = await verbs[verb]!.load()
  if (begun.startsWith('-')) {
    const parser = describeOptions(yargs([]).version(false), options)
    // yargs offers the short names with two dashes as well.
    return fitting((await parser.getCompletion([begun])).filter((word) => !/^--.$/.test(word)))
  }
  const { complete } = positionals
  return complete === undefined || complete === 'file' || complete === 'none' ? [] : fitting(await names(complete))
}
