import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { compileTemplate } from '../cli/template.ts'
import { usageError } from '../cli/usage-error.ts'
import { volumeDocument } from '../cli/volume-document.ts'
import { isName, noSuchVolume } from '../engine/remove-volumes.ts'
import { volumePlace } from '../engine/volume-place.ts'
import { listVolumes } from '../storage/list-volumes.ts'
import { readVolume } from '../storage/volumes.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { printFailures } from './print-failures.ts'

export const volumeInspect = command({
  name: 'volume inspect',
  summary: 'Display detailed information on one or more volumes',
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Show all volumes' },
    format: { type: 'string', short: 'f', metavar: 'string', description: 'json, or a Go template' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'volume' },
  async run({ options, positionals }, globals) {
    if (options.all === positionals.length > 0) throw usageError('"lichen volume inspect" takes names, or --all', "See 'lichen volume inspect --help'.", 1)
    const render = options.format === undefined || options.format === 'json' ? undefined : compileTemplate(options.format)
    const context = await openContext(globals)
    const documents: unknown[] = []
    const failures: Error[] = []
    for (const name of options.all ? await listVolumes(context) : positionals) {
      const volume = isName(name) ? await readVolume(context, name) : undefined
      if (volume === undefined) failures.push(noSuchVolume(name))
      else documents.push(volumeDocument(volume, volumePlace(context, volume)))
    }
    if (render !== undefined) printLines(documents.map(render))
    else printLines([options.format === 'json' ? JSON.stringify(documents) : JSON.stringify(documents, null, 4)])
    return printFailures(failures)
  },
})
