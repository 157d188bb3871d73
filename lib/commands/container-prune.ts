import { command } from '../cli/command.ts'
import { humanSize } from '../cli/humanise.ts'
import { optionTable } from '../cli/options.ts'
import { containersThatFit, parsePruneFilters } from '../cli/prune-filter.ts'
import { pruneContainers } from '../engine/prune-containers.ts'
import { finishRemovals } from '../engine/remove.ts'
import { openContext } from '../system/open-context.ts'
import { mayRemove } from './ask-first.ts'
import { printLines } from './print.ts'

export const containerPrune = command({
  name: 'container prune',
  summary: 'Remove all stopped containers',
  usage: '[OPTIONS]',
  options: optionTable({
    filter: { type: 'list', metavar: 'filter', description: 'Only what fits until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE]' },
    force: { type: 'boolean', short: 'f', description: "Don't ask" },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const fits = containersThatFit(parsePruneFilters(options.filter))
    if (!(await mayRemove(' all stopped containers.', options.force))) return 0
    const context = await openContext(globals)
    const { ids, bytes } = await pruneContainers(context, fits)
    await finishRemovals(context)
    printLines([...(ids.length === 0 ? [] : ['Deleted Containers:', ...ids, '']), `Total reclaimed space: ${humanSize(bytes, 4)}`])
    return 0
  },
})
