import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { importIntoVolume } from '../engine/volume-files.ts'
import { bytesFrom, openSource } from '../image/archive-open.ts'
import { addon } from '../system/addon.ts'
import { openContext } from '../system/open-context.ts'
import { withExitCode } from './targets.ts'

export const volumeImport = command({
  name: 'volume import',
  summary: 'Add what is in a tar archive to a volume that exists',
  usage: 'VOLUME FILE|-',
  options: optionTable({}),
  positionals: { min: 2, max: 2, complete: 'volume' },
  async run({ positionals: [name = '', from = ''] }, globals) {
    if (from === '-' && addon.isTerminal({ fd: 0 })) throw usageError('there is no archive on standard input', 'lichen volume import VOLUME FILE', 1)
    const context = await openContext(globals)
    try {
      const source = await openSource(from === '-' ? { stdin: true } : { path: from })
      try {
        await importIntoVolume(context, name, bytesFrom(source))
      } finally {
        await source.release()
      }
    } catch (error) {
      throw withExitCode(error, 1)
    }
    return 0
  },
})
