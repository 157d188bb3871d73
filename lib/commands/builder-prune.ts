import { command } from '../cli/command.ts'
import { parseFilters } from '../cli/filters.ts'
import { humanSize } from '../cli/humanise.ts'
import { optionTable } from '../cli/options.ts'
import { parseWhen } from '../cli/when.ts'
import { pruneBuildCache } from '../engine/build-cache.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { mayRemove } from './ask-first.ts'
import { printLines } from './print.ts'

export const builderPrune = command({
  name: 'builder prune',
  summary: 'Remove what builds have left to be used again',
  usage: '[OPTIONS]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove the folders of cache mounts as well' },
    filter: { type: 'list', metavar: 'filter', description: 'Only what fits until=TIME' },
    force: { type: 'boolean', short: 'f', description: "Don't ask" },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const until = parseFilters(options.filter, ['until'])
      .get('until')
      ?.map((text) => parseWhen(text, '--filter', Date.now()))
    if (!(await mayRemove(` ${options.all ? 'all build cache' : 'the build cache, but for cache mounts'}.`, options.force))) return 0
    const context = await openContext(globals)
    const gone = await pruneBuildCache(context, { mounts: options.all, before: until?.sort()[0] })
    if (gone === undefined) {
      throw new LichenError('something is being built or pulled: nothing was removed', { code: 'STORE_BUSY', exitCode: 1, hint: 'repeat it when that is done' })
    }
    printLines([...gone.map(({ id }) => id), `Total:\t${humanSize(gone.reduce((sum, { size }) => sum + size, 0))}`])
    return 0
  },
})
