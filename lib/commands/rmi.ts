import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { checkPositionals } from '../cli/parse.ts'
import { usageError } from '../cli/usage-error.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { removeImages } from '../engine/remove-image.ts'
import { listImages } from '../image/list.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { onFile } from './file-failure.ts'
import { printLines } from './print.ts'
import { printFailures } from './print-failures.ts'

export const rmi = command({
  name: 'rmi',
  summary: 'Remove one or more images',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove all images' },
    force: { type: 'boolean', short: 'f', description: 'Remove an image with several names, or that a stopped container uses' },
    ignore: { type: 'boolean', short: 'i', description: 'An image that does not exist is no error' },
    'no-prune': { type: 'boolean', description: "Don't delete untagged parents; lichen keeps none" },
  }),
  positionals: { min: 0, max: Infinity, complete: 'image' },
  async run({ options, positionals }, globals) {
    if (options.all && positionals.length > 0) throw usageError('"lichen rmi" takes names or --all, not both', "See 'lichen rmi --help'.", 1)
    checkPositionals(positionals, { min: options.all ? 0 : 1, max: Infinity }, 'lichen rmi', 1)
    const context = await openContext(globals)
    const names = options.all ? await everyName(context) : positionals
    const outcomes = await removeImages({ context, names, force: options.force }, (outcome) => {
      if (!(outcome instanceof LichenError))
        printLines(outcome.map((removal) => ('untagged' in removal ? `Untagged: ${removal.untagged}` : `Deleted: ${removal.deleted}`)))
    })
    const failures = outcomes.filter((outcome) => outcome instanceof LichenError)
    await collectGarbage(context)
    const missing = failures.every(({ code }) => code === 'IMAGE_NOT_FOUND')
    // As Docker: with --force an image that is not there is said, and no failure.
    return onFile(async () => printFailures(options.ignore && missing ? [] : failures, { harmless: options.force && missing }))
  },
})

/** With its last name an image goes; digests go with the last tag of their repository, and one that has no name at all goes by its id. */
async function everyName(context: Context): Promise<string[]> {
  return (await listImages(context)).flatMap(({ id, references, repoDigests }) => {
    const tagged = new Set(references.map((reference) => reference.replace(/:[^:/]*$/, '')))
    const names = [...references, ...repoDigests.filter((name) => !tagged.has(name.replace(/@.*$/, '')))]
    return names.length > 0 ? names : [id]
  })
}
