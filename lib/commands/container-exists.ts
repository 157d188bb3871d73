import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { findContainer } from '../container/find.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'

export const containerExists = command({
  name: 'container exists',
  summary: 'Tell by the exit code whether a container is here: 0 yes, 1 no',
  usage: 'CONTAINER',
  options: optionTable({}),
  positionals: { min: 1, max: 1, complete: 'container' },
  usageExitCode: 125,
  async run({ positionals }, globals) {
    const context = await openContext(globals)
    try {
      await findContainer(context, positionals[0]!)
      return 0
    } catch (error) {
      if (error instanceof LichenError && error.code === 'CONTAINER_NOT_FOUND') return 1
      throw error
    }
  },
})
