import { command } from '../cli/command.ts'
import { parseLabels } from '../cli/env.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { createVolume } from '../engine/create-volume.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { withExitCode } from './targets.ts'

export const volumeCreate = command({
  name: 'volume create',
  summary: 'Create a volume',
  usage: '[OPTIONS] [VOLUME]',
  options: optionTable({
    driver: { type: 'string', short: 'd', metavar: 'string', default: 'local', description: 'Volume driver; there is one, local' },
    ignore: { type: 'boolean', description: 'Changes nothing: a volume that exists is no error' },
    label: { type: 'list', short: 'l', metavar: 'list', description: 'Set metadata' },
    name: { type: 'string', metavar: 'string', hidden: true, description: 'The same as VOLUME' },
    opt: { type: 'list', short: 'o', metavar: 'map', description: 'Options of the driver: type=tmpfs|none, device=, o=' },
  }),
  positionals: { min: 0, max: 1 },
  async run({ options, positionals }, globals) {
    const [word] = positionals
    if (word !== undefined && options.name !== undefined)
      throw usageError('conflicting options: cannot specify a volume-name through both --name and as a positional arg', undefined, 1)
    const name = word ?? (options.name === '' ? undefined : options.name)
    if (options.driver !== 'local' && options.driver !== '')
      throw usageError(
        `create ${name ?? ''}: error looking up volume plugin ${options.driver}: plugin "${options.driver}" not found`,
        'lichen has the driver local',
        1,
      )
    const context = await openContext(globals)
    try {
      printLines([await createVolume(context, { name, labels: parseLabels(options.label), options: parseLabels(options.opt) })])
    } catch (error) {
      throw withExitCode(error, 1)
    }
    return 0
  },
})
