import { command, type Globals } from '../cli/command.ts'
import { optionTable, type ParsedArgs } from '../cli/options.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { recordEvent, recordTag } from '../engine/record-event.ts'
import { bytesFrom, openSource } from '../image/archive-open.ts'
import { applyChange } from '../image/change.ts'
import { fetchUrl } from '../image/fetch-url.ts'
import { importRootfs } from '../image/import-rootfs.ts'
import type { ImageConfig } from '../image/manifest.ts'
import { hostPlatform, parsePlatform } from '../image/platform.ts'
import { tagOnly } from '../image/tag.ts'
import { TarError } from '../image/tar/tar-error.ts'
import { hostIdentity } from '../system/identity.ts'
import { openContext } from '../system/open-context.ts'
import { onFile } from './file-failure.ts'
import { printLines } from './print.ts'
import { withExitCode } from './targets.ts'

const table = optionTable({
  change: {
    type: 'list',
    short: 'c',
    metavar: 'list',
    description: 'Apply a Dockerfile instruction to the image: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR',
  },
  message: { type: 'string', short: 'm', metavar: 'string', description: 'Comment in the history of the image' },
  platform: { type: 'string', metavar: 'string', description: 'OS/ARCHITECTURE[/VARIANT] to write down; default: that of the host' },
  'squash-ids': { type: 'boolean', description: "What belongs to ids that you do not have is nobody's" },
  quiet: { type: 'boolean', short: 'q', description: 'Changes nothing: only the id is printed anyway' },
})

export const importImage = command({
  name: 'import',
  summary: 'Make an image of a root file system tar',
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  options: table,
  positionals: { min: 1, max: 2, complete: 'file' },
  run: (args, globals) => onFile(() => importFile(args, globals)),
})

async function importFile({ options, positionals }: ParsedArgs<typeof table>, globals: Globals): Promise<number> {
  const [from = '', name] = positionals
  const config = options.change.reduce<ImageConfig>(applyChange, {})
  const platform = options.platform === undefined ? hostPlatform(process.arch) : parsePlatform(options.platform)
  const references = name === undefined ? [] : [tagOnly(name)]
  const context = await openContext(globals)
  if (options['squash-ids']) context.config['squash-ids'] = true
  const identity = await hostIdentity(context)
  const { bytes, release } = await openBytes(from)
  try {
    const message = options.message ?? `Imported from ${from}`
    const { image } = await importRootfs({ context, identity, bytes, what: from, config, platform, message, created: new Date().toISOString(), references })
    if (references[0] !== undefined) await recordTag(context.paths, image.id, references[0])
    await recordEvent(context.paths, 'image', 'import', image.id, { name: image.id })
    printLines([image.id])
  } catch (error) {
    await collectGarbage(context).catch(() => undefined)
    // Here the layer is the file that was named: where it is cut short or no tar further on, Docker's exit code is 1 as well.
    throw isOfTar(error) ? withExitCode(error, 1) : error
  } finally {
    await release()
  }
  return 0
}

const isOfTar = (error: unknown): boolean => error instanceof TarError || (error instanceof Error && isOfTar(error.cause))

async function openBytes(from: string): Promise<{ bytes: AsyncIterable<Uint8Array>; release(): Promise<void> }> {
  if (/^https?:\/\//.test(from)) return { bytes: fetchUrl(from), release: async () => {} }
  const source = await openSource(from === '-' ? { stdin: true } : { path: from })
  return { bytes: bytesFrom(source), release: source.release }
}
