import { ownSize } from '../build/cache-entry.ts'
import { cacheFilter, duParagraph } from '../cli/build-cache-row.ts'
import { command } from '../cli/command.ts'
import { humanSize } from '../cli/humanise.ts'
import { bytes } from '../cli/limits.ts'
import { optionTable } from '../cli/options.ts'
import { pruneBuildCache } from '../engine/build-cache.ts'
import { recordPrune } from '../engine/record-event.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { mayRemove } from './ask-first.ts'
import { printLines } from './print.ts'

export const builderPrune = command({
  name: 'builder prune',
  summary: 'Remove what builds have left to be used again',
  usage: '[OPTIONS]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove all of it: what images have, too, and the folders of cache mounts' },
    builder: { type: 'string', metavar: 'string', hidden: true, description: 'Changes nothing: there is one builder' },
    filter: { type: 'list', metavar: 'filter', description: 'Only what fits until=TIME, id=ID, type=TYPE, shared, private, mutable, description=TEXT' },
    force: { type: 'boolean', short: 'f', description: "Don't ask" },
    'keep-storage': { type: 'string', metavar: 'bytes', description: 'Leave so much of it, of what was used last' },
    verbose: { type: 'boolean', description: 'Show all that is known of what was removed' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const now = Date.now()
    const fits = cacheFilter(options.filter, now)
    const keep = bytes(options['keep-storage'], '--keep-storage')
    if (!(await mayRemove(` all ${options.all ? '' : 'dangling '}build cache.`, options.force))) return 0
    const context = await openContext(globals)
    const gone = await pruneBuildCache(context, { all: options.all, fits, keep })
    if (gone === undefined) {
      throw new LichenError('something is being built or pulled: nothing was removed', { code: 'STORE_BUSY', exitCode: 1, hint: 'repeat it when that is done' })
    }
    await recordPrune(context.paths, 'builder', ownSize(gone))
    const list = options.verbose ? gone.map((entry) => duParagraph(entry, now)) : [...gone.map(({ id }) => id), '']
    printLines([...(gone.length === 0 ? [] : ['Deleted build cache objects:', ...list]), `Total reclaimed space: ${humanSize(ownSize(gone), 4)}`])
    return 0
  },
})
