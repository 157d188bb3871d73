import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { findContainer } from '../container/find.ts'
import { exportContainer } from '../engine/export.ts'
import { recordContainerEvent } from '../engine/record-event.ts'
import { openContext } from '../system/open-context.ts'
import { withExitCode } from './targets.ts'
import { archiveTarget, writeArchive } from './write-to.ts'

export const exportRootfs = command({
  name: 'export',
  summary: "Export a container's file system as a tar archive",
  usage: '[OPTIONS] CONTAINER',
  options: optionTable({
    output: { type: 'string', short: 'o', metavar: 'string', description: 'Write to a file, instead of standard output' },
  }),
  positionals: { min: 1, max: 1, complete: 'container' },
  async run({ options, positionals }, globals) {
    const target = archiveTarget(options.output)
    const context = await openContext(globals)
    const view = await findContainer(context, positionals[0]!)
    await exportContainer(context, view, (tar) => writeArchive(target, tar)).catch((error: unknown) => {
      throw withExitCode(error, 1)
    })
    await recordContainerEvent(view, 'export')
    return 0
  },
})
