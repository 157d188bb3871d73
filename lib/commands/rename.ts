import { command } from '../cli/command.ts'
import { containerName } from '../cli/container-name.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { exclusively } from '../container/exclusive.ts'
import { findContainer } from '../container/find.ts'
import { renameContainer } from '../container/rename.ts'
import { amendMonitor } from '../engine/amend.ts'
import { recordContainerEvent } from '../engine/record-event.ts'
import { openContext } from '../system/open-context.ts'
import { summed } from './print-failures.ts'
import { withExitCode } from './targets.ts'

export const rename = command({
  name: 'rename',
  summary: 'Rename a container',
  usage: 'CONTAINER NEW_NAME',
  options: optionTable({}),
  positionals: { min: 2, max: 2, complete: 'container' },
  async run({ positionals: [container = '', wanted = ''] }, globals) {
    if (container === '' || wanted === '') throw usageError('Neither old nor new names may be empty', undefined, 1)
    const context = await openContext(globals)
    try {
      const name = containerName(wanted, 1)
      await exclusively(await findContainer(context, container), async ({ record, paths, live }) => {
        await renameContainer(context, paths, record, name)
        await amendMonitor({ record: { ...record, name }, paths, live })
        await recordContainerEvent({ record: { ...record, name }, paths }, 'rename', { oldName: `/${record.name}` })
      })
      return 0
    } catch (error) {
      throw summed([withExitCode(error, 1)], `failed to rename container named ${container}`)
    }
  },
})
