import { pipeline } from 'node:stream/promises'
import { isatty } from 'node:tty'
import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { type ArchiveFormat, imagesToSave, saveArchive } from '../image/save-archive.ts'
import { whileArriving } from '../image/store.ts'
import { openContext } from '../system/open-context.ts'
import { outputStream } from '../system/output.ts'
import { writeTo } from './write-to.ts'

const formats: readonly string[] = ['docker-archive', 'oci-archive'] satisfies ArchiveFormat[]

export const save = command({
  name: 'save',
  summary: 'Save one or more images to a tar archive (streamed to standard output by default)',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  options: optionTable({
    output: { type: 'string', short: 'o', metavar: 'string', description: 'Write to a file, instead of standard output' },
    format: { type: 'string', metavar: 'string', default: 'docker-archive', description: formats.join(', ') },
    'multi-image-archive': { type: 'boolean', short: 'm', description: 'Changes nothing: an archive may hold several images anyway' },
    quiet: { type: 'boolean', short: 'q', description: 'Changes nothing: nothing is said anyway' },
  }),
  positionals: { min: 1, max: Infinity, complete: 'image' },
  async run({ options, positionals }, globals) {
    if (!formats.includes(options.format)) throw usageError(`unknown format ${JSON.stringify(options.format)}`, formats.join(', '))
    const output = options.output === '-' || options.output === '' ? undefined : options.output
    if (output === undefined && isatty(1)) throw usageError('cowardly refusing to save to a terminal. Use the -o flag or redirect', undefined, 1)
    const context = await openContext(globals)
    // No image that is being saved is collected meanwhile.
    await whileArriving(context, async () => {
      const archive = saveArchive(context, await imagesToSave(context, positionals), options.format as ArchiveFormat)
      if (output === undefined) await pipeline(archive, outputStream(1), { end: false })
      else await writeTo(output, archive)
    })
    return 0
  },
})
