import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { exportVolume } from '../engine/volume-files.ts'
import { openContext } from '../system/open-context.ts'
import { withExitCode } from './targets.ts'
import { archiveTarget, writeArchive } from './write-to.ts'

export const volumeExport = command({
  name: 'volume export',
  summary: 'Export what is in a volume as a tar archive',
  usage: '[OPTIONS] VOLUME',
  options: optionTable({
    output: { type: 'string', short: 'o', metavar: 'string', description: 'Write to a file, instead of standard output' },
  }),
  positionals: { min: 1, max: 1, complete: 'volume' },
  async run({ options, positionals }, globals) {
    const target = archiveTarget(options.output)
    const context = await openContext(globals)
    await exportVolume(context, positionals[0]!, (tar) => writeArchive(target, tar)).catch((error: unknown) => {
      throw withExitCode(error, 1)
    })
    return 0
  },
})
