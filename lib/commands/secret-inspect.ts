import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { secretDocument } from '../cli/secret-row.ts'
import { compileTemplate } from '../cli/template.ts'
import { findSecret } from '../storage/secrets.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { printFailures } from './print-failures.ts'

export const secretInspect = command({
  name: 'secret inspect',
  summary: 'Show what is known of secrets, without the secrets themselves',
  usage: '[OPTIONS] SECRET [SECRET...]',
  options: optionTable({
    format: { type: 'string', short: 'f', metavar: 'string', description: 'json, or a Go template' },
    showsecret: { type: 'boolean', description: 'Show the secrets themselves' },
  }),
  positionals: { min: 1, max: Infinity, complete: 'secret' },
  usageExitCode: 125,
  async run({ options, positionals }, globals) {
    const render = options.format === undefined || options.format === 'json' ? undefined : compileTemplate(options.format)
    const context = await openContext(globals)
    const documents: unknown[] = []
    const failures: Error[] = []
    for (const name of positionals) {
      try {
        documents.push(secretDocument(await findSecret(context, name), options.showsecret))
      } catch (error) {
        if (!(error instanceof LichenError)) throw error
        failures.push(error)
      }
    }
    if (render !== undefined) printLines(documents.map(render))
    else printLines([options.format === 'json' ? JSON.stringify(documents) : JSON.stringify(documents, null, 4)])
    return printFailures(failures)
  },
})
