import { command } from '../cli/command.ts'
import { parseCreateOptions } from '../cli/create-options.ts'
import { createTable } from '../cli/create-table.ts'
import { withRefused } from '../cli/refused-flags.ts'
import { openContext } from '../system/open-context.ts'
import { newContainer } from './new-container.ts'
import { printLines } from './print.ts'
import { withExitCode } from './targets.ts'

export const create = command({
  name: 'create',
  summary: 'Create a new container',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  options: withRefused(createTable),
  positionals: { min: 1, max: Infinity, stopAtFirst: true, complete: 'image' },
  async run(args, globals) {
    const options = await parseCreateOptions(args)
    const context = await openContext(globals)
    const view = await newContainer(context, options, args.options).catch((error: unknown) => {
      // Docker's `create` tells a flag that is wrong (125) from a container that can't be made (1).
      throw withExitCode(error, 1)
    })
    printLines([view.record.id])
    return 0
  },
})
