import { command } from '../cli/command.ts'
import { humanSize } from '../cli/humanise.ts'
import { optionTable } from '../cli/options.ts'
import { pruneFilter } from '../cli/volume-filter.ts'
import { pruneVolumes } from '../engine/remove-volumes.ts'
import { openContext } from '../system/open-context.ts'
import { mayRemove } from './ask-first.ts'
import { printLines } from './print.ts'

export const volumePrune = command({
  name: 'volume prune',
  summary: 'Remove anonymous volumes that no container uses',
  usage: '[OPTIONS]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove all unused volumes, not just anonymous ones' },
    filter: { type: 'list', metavar: 'filter', description: 'Only what fits label=KEY[=VALUE], label!=KEY[=VALUE], until=TIME' },
    force: { type: 'boolean', short: 'f', description: "Don't ask" },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const filter = pruneFilter(options.filter, Date.now())
    const all = options.all || filter.all
    if (!(await mayRemove(` ${all ? 'all' : 'anonymous'} local volumes not used by at least one container.`, options.force))) return 0
    const context = await openContext(globals)
    const { names, bytes } = await pruneVolumes(context, (volume) => (all || volume.anonymous) && filter.fits(volume))
    printLines([...(names.length === 0 ? [] : ['Deleted Volumes:', ...names, '']), `Total reclaimed space: ${humanSize(bytes, 4)}`])
    return 0
  },
})
