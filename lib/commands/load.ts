import { isatty } from 'node:tty'
import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { type Loaded, loadArchive } from '../image/load-archive.ts'
import { hostPlatform, parsePlatform } from '../image/platform.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { hostIdentity } from '../system/identity.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const load = command({
  name: 'load',
  summary: 'Load an image from a tar archive or standard input',
  usage: '[OPTIONS]',
  options: optionTable({
    input: {
      type: 'string',
      short: 'i',
      metavar: 'string',
      description: 'Read from this file, or from the folder of an OCI layout, instead of standard input',
    },
    platform: { type: 'string', metavar: 'string', description: 'OS/ARCHITECTURE[/VARIANT]; default: that of the host' },
    quiet: { type: 'boolean', short: 'q', description: 'Say nothing but what was loaded' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const source = options.input === undefined || options.input === '-' ? ({ stdin: true } as const) : { path: options.input }
    if ('stdin' in source && isatty(0)) throw usageError('requested load from stdin, but stdin is empty', 'lichen load -i FILE, or lichen load < FILE', 1)
    const platform =
      options.platform === undefined ? { wanted: hostPlatform(process.arch), explicit: false } : { wanted: parsePlatform(options.platform), explicit: true }
    const context = await openContext(globals)
    const identity = await hostIdentity(context)
    try {
      await loadArchive({ context, identity, source, platform, onLoaded: (loaded) => printLines(lines(loaded)) })
    } catch (error) {
      await collectGarbage(context).catch(() => undefined)
      throw error
    }
    return 0
  },
})

function lines({ image, references, moved }: Loaded): string[] {
  const familiar = (reference: string) => familiarReference(parseReference(reference))
  const renamed = moved.map(({ reference, from }) => `The image ${familiar(reference)} already exists, renaming the old one with ID ${from} to empty string`)
  if (references.length === 0) return [`Loaded image ID: ${image.id}`]
  return [...renamed, ...references.map((reference) => `Loaded image: ${familiar(reference)}`)]
}
