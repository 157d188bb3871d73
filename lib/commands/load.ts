import { command, type Globals } from '../cli/command.ts'
import { optionTable, type ParsedArgs } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { recordEvent } from '../engine/record-event.ts'
import { type Loaded, loadArchive } from '../image/load-archive.ts'
import { hostPlatform, parsePlatform } from '../image/platform.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { addon } from '../system/addon.ts'
import { hostIdentity } from '../system/identity.ts'
import { openContext } from '../system/open-context.ts'
import { outputStream } from '../system/output.ts'
import { onFile } from './file-failure.ts'
import { loadProgress } from './load-progress.ts'
import { printLines } from './print.ts'

const table = optionTable({
  input: {
    type: 'string',
    short: 'i',
    metavar: 'string',
    description: 'Read from this file, or from the folder of an OCI layout, instead of standard input',
  },
  platform: { type: 'string', metavar: 'string', description: 'OS/ARCHITECTURE[/VARIANT]; default: that of the host' },
  'squash-ids': { type: 'boolean', description: "What belongs to ids that you do not have is nobody's" },
  quiet: { type: 'boolean', short: 'q', description: 'Say nothing but what was loaded' },
})

export const load = command({
  name: 'load',
  summary: 'Load an image from a tar archive or standard input',
  usage: '[OPTIONS]',
  options: table,
  positionals: { min: 0, max: 0 },
  run: (args, globals) => onFile(() => loadImages(args, globals)),
})

async function loadImages({ options }: ParsedArgs<typeof table>, globals: Globals): Promise<number> {
  const source = options.input === undefined || options.input === '-' ? ({ stdin: true } as const) : { path: options.input }
  if ('stdin' in source && addon.isTerminal({ fd: 0 }))
    throw usageError('requested load from stdin, but stdin is empty', 'lichen load -i FILE, or lichen load < FILE', 1)
  const platform =
    options.platform === undefined ? { wanted: hostPlatform(process.arch), explicit: false } : { wanted: parsePlatform(options.platform), explicit: true }
  const context = await openContext(globals)
  if (options['squash-ids']) context.config['squash-ids'] = true
  const identity = await hostIdentity(context)
  const progress = options.quiet ? undefined : loadProgress(outputStream(1))
  const ids: string[] = []
  const onLoaded = (loaded: Loaded) => {
    ids.push(loaded.image.id)
    progress?.finish()
    printLines(lines(loaded))
  }
  try {
    await loadArchive({ context, identity, source, platform, onLoaded, onEvent: progress?.event, onRead: progress?.read })
    for (const id of ids) await recordEvent(context.paths, 'image', 'load', id, { name: id })
  } catch (error) {
    progress?.finish()
    await collectGarbage(context).catch(() => undefined)
    throw error
  }
  return 0
}

function lines({ image, references, moved }: Loaded): string[] {
  const familiar = (reference: string) => familiarReference(parseReference(reference))
  const renamed = moved.map(({ reference, from }) => `The image ${familiar(reference)} already exists, renaming the old one with ID ${from} to empty string`)
  if (references.length === 0) return [`Loaded image ID: ${image.id}`]
  return [...renamed, ...references.map((reference) => `Loaded image: ${familiar(reference)}`)]
}
