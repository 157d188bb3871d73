import { ownSize } from '../build/cache-entry.ts'
import { cacheFilter } from '../cli/build-cache-row.ts'
import { command } from '../cli/command.ts'
import { humanSize } from '../cli/humanise.ts'
import { checkImageFilters, filterImages, isDangling } from '../cli/image-filters.ts'
import { optionTable } from '../cli/options.ts'
import { containersThatFit, parsePruneFilters } from '../cli/prune-filter.ts'
import { usageError } from '../cli/usage-error.ts'
import { pruneFilter } from '../cli/volume-filter.ts'
import { pruneBuildCache } from '../engine/build-cache.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { pruneContainers } from '../engine/prune-containers.ts'
import { pruneImages } from '../engine/prune-images.ts'
import { pruneVolumes } from '../engine/remove-volumes.ts'
import { listImages } from '../image/list.ts'
import { warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { mayRemove } from './ask-first.ts'
import { deletedImages } from './image-prune.ts'
import { printLines } from './print.ts'

export const systemPrune = command({
  name: 'system prune',
  summary: 'Remove unused data',
  usage: '[OPTIONS]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove all images that no container uses, not just those without a name' },
    filter: { type: 'list', metavar: 'filter', description: 'Only what fits until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE]' },
    force: { type: 'boolean', short: 'f', description: "Don't ask" },
    volumes: { type: 'boolean', description: 'Remove anonymous volumes that no container uses' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const filters = parsePruneFilters(options.filter)
    checkImageFilters(filters)
    const fits = containersThatFit(filters)
    const until = (filters.get('until') ?? []).map((text) => `until=${text}`)
    const volumeFits = pruneFilter(options.filter, Date.now()).fits
    if (options.volumes && filters.has('until'))
      throw usageError('the "until" filter is not supported with "--volumes"', 'lichen volume prune --filter until=TIME', 1)
    if (!(await mayRemove(whatGoes(options), options.force))) return 0
    const context = await openContext(globals)
    const containers = await pruneContainers(context, fits)
    const volumes = options.volumes ? await pruneVolumes(context, (volume) => volume.anonymous && volumeFits(volume)) : { names: [], bytes: 0 }
    const candidates = await filterImages(await listImages(context), filters, { createdOf: async () => '', inUse: async () => new Set(), now: Date.now() })
    const images = await pruneImages(
      context,
      candidates.filter((image) => options.all || isDangling(image)),
    )
    await collectGarbage(context)
    // What is built just now may need all of it; and no step has a label.
    const cache =
      filters.has('label') || filters.has('label!') ? [] : await pruneBuildCache(context, { all: options.all, fits: cacheFilter(until, Date.now()) })
    if (cache === undefined) warning('something is being built or pulled: the build cache stays')
    printLines([
      ...section('Deleted Containers:', containers.ids),
      ...section('Deleted Volumes:', volumes.names),
      ...deletedImages(images.removals),
      ...section(
        'Deleted build cache objects:',
        (cache ?? []).map(({ id }) => id),
      ),
      `Total reclaimed space: ${humanSize(containers.bytes + volumes.bytes + images.bytes + ownSize(cache ?? []), 4)}`,
    ])
    return 0
  },
})

const section = (head: string, lines: readonly string[]) => (lines.length === 0 ? [] : [head, ...lines, ''])

function whatGoes({ all, volumes, filter }: { all: boolean; volumes: boolean; filter: readonly string[] }): string {
  const parts = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    all ? 'all build cache' : 'unused build cache',
  ]
  const list = (lines: readonly string[]) => lines.map((line) => `  - ${line}\n`).join('')
  const narrowed = filter.length === 0 ? '' : `\n  Items to be pruned will be filtered with:\n${list(filter)}`
  return `:\n${list(parts)}${narrowed}`
}
