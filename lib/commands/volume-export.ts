import { pipeline } from 'node:stream/promises'
import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { exportVolume } from '../engine/volume-files.ts'
import { addon } from '../system/addon.ts'
import { openContext } from '../system/open-context.ts'
import { outputStream } from '../system/output.ts'
import { withExitCode } from './targets.ts'
import { writeTo } from './write-to.ts'

export const volumeExport = command({
  name: 'volume export',
  summary: 'Export what is in a volume as a tar archive',
  usage: '[OPTIONS] VOLUME',
  options: optionTable({
    output: { type: 'string', short: 'o', metavar: 'string', description: 'Write to a file, instead of standard output' },
  }),
  positionals: { min: 1, max: 1, complete: 'volume' },
  async run({ options, positionals }, globals) {
    const output = options.output === '-' || options.output === '' ? undefined : options.output
    if (output === undefined && addon.isTerminal({ fd: 1 }))
      throw usageError('cowardly refusing to save to a terminal. Use the -o flag or redirect', undefined, 1)
    const context = await openContext(globals)
    const write = (tar: AsyncIterable<Uint8Array>) => (output === undefined ? pipeline(tar, outputStream(1), { end: false }) : writeTo(output, tar))
    await exportVolume(context, positionals[0]!, write).catch((error: unknown) => {
      throw withExitCode(error, 1)
    })
    return 0
  },
})
