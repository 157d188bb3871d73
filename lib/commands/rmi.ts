import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { removeImage } from '../engine/remove-image.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { printFailures } from './print-failures.ts'

export const rmi = command({
  name: 'rmi',
  summary: 'Remove one or more images',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  options: optionTable({
    force: { type: 'boolean', short: 'f', description: 'Remove an image with several names, or that a stopped container uses' },
    'no-prune': { type: 'boolean', description: "Don't delete untagged parents; lichen keeps none" },
  }),
  positionals: { min: 1, max: Infinity, complete: 'image' },
  async run({ options, positionals }, globals) {
    const context = await openContext(globals)
    const failures: LichenError[] = []
    for (const name of positionals) {
      try {
        const removals = await removeImage({ context, name, force: options.force })
        printLines(removals.map((removal) => ('untagged' in removal ? `Untagged: ${removal.untagged}` : `Deleted: ${removal.deleted}`)))
      } catch (error) {
        if (!(error instanceof LichenError)) throw error
        failures.push(error)
      }
    }
    await collectGarbage(context)
    // As Docker: with --force an image that is not there is no failure.
    const harmless = options.force && failures.every(({ code }) => code === 'IMAGE_NOT_FOUND')
    return printFailures(failures, harmless)
  },
})
