import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { checkPositionals } from '../cli/parse.ts'
import { usageError } from '../cli/usage-error.ts'
import { listSecrets, removeSecret } from '../storage/secrets.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { printFailures } from './print-failures.ts'

export const secretRm = command({
  name: 'secret rm',
  summary: 'Remove one or more secrets',
  usage: '[OPTIONS] SECRET [SECRET...]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove all secrets' },
    ignore: { type: 'boolean', short: 'i', description: 'A secret that does not exist is no error' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'secret' },
  async run({ options, positionals }, globals) {
    if (options.all && positionals.length > 0) throw usageError('--all and names do not go together')
    if (!options.all) checkPositionals(positionals, { min: 1, max: Infinity }, 'lichen secret rm', 125)
    const context = await openContext(globals)
    const failures: Error[] = []
    for (const name of options.all ? (await listSecrets(context)).map((secret) => secret.name) : positionals) {
      try {
        printLines([await removeSecret(context, name)])
      } catch (error) {
        if (!(error instanceof LichenError)) throw error
        if (!options.ignore) failures.push(error)
      }
    }
    return printFailures(failures)
  },
})
