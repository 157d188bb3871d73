import { pipeline } from 'node:stream/promises'
import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { exportContainer } from '../engine/export.ts'
import { recordContainerEvent } from '../engine/record-event.ts'
import { addon } from '../system/addon.ts'
import { openContext } from '../system/open-context.ts'
import { outputStream } from '../system/output.ts'
import { withExitCode } from './targets.ts'
import { writeTo } from './write-to.ts'

export const exportRootfs = command({
  name: 'export',
  summary: "Export a container's file system as a tar archive",
  usage: '[OPTIONS] CONTAINER',
  options: optionTable({
    output: { type: 'string', short: 'o', metavar: 'string', description: 'Write to a file, instead of standard output' },
  }),
  positionals: { min: 1, max: 1, complete: 'container' },
  async run({ options, positionals }, globals) {
    const output = options.output === '-' || options.output === '' ? undefined : options.output
    if (output === undefined && addon.isTerminal({ fd: 1 }))
      throw usageError('cowardly refusing to save to a terminal. Use the -o flag or redirect', undefined, 1)
    const context = await openContext(globals)
    const view = await findContainer(context, positionals[0]!)
    const write = (tar: AsyncIterable<Uint8Array>) => (output === undefined ? pipeline(tar, outputStream(1), { end: false }) : writeTo(output, tar))
    await exportContainer(context, view, write).catch((error: unknown) => {
      throw withExitCode(error, 1)
    })
    await recordContainerEvent(view, 'export')
    return 0
  },
})
