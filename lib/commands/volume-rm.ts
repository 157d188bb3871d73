import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { removeVolume } from '../engine/remove-volumes.ts'
import { listVolumes } from '../storage/list-volumes.ts'
import { finishVolumeRemovals } from '../storage/volumes.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { printFailures } from './print-failures.ts'
import { withExitCode } from './targets.ts'

export const volumeRm = command({
  name: 'volume rm',
  summary: 'Remove one or more volumes',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove all volumes that no container uses' },
    force: { type: 'boolean', short: 'f', description: 'A volume that does not exist is no error' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'volume' },
  async run({ options, positionals }, globals) {
    if (options.all === positionals.length > 0) throw usageError('"lichen volume rm" requires at least 1 argument.', "See 'lichen volume rm --help'.", 1)
    const context = await openContext(globals)
    const failures: Error[] = []
    for (const name of options.all ? await listVolumes(context) : positionals) {
      try {
        await removeVolume(context, name)
        printLines([name])
      } catch (error) {
        // As Docker: by force what is gone already counts as removed.
        const { code } = error as LichenError
        if (error instanceof LichenError && code === 'VOLUME_NOT_FOUND' && options.force) printLines([name])
        else if (!(options.all && code === 'VOLUME_IN_USE')) failures.push(withExitCode(error, 1))
      }
    }
    await finishVolumeRemovals(context, await hostIdentity(context))
    return printFailures(failures)
  },
})
