import { command } from '../cli/command.ts'
import { parseFilters } from '../cli/filters.ts'
import { humanSize } from '../cli/humanise.ts'
import { checkImageFilters, filterImages, isDangling } from '../cli/image-filters.ts'
import { optionTable } from '../cli/options.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { pruneImages } from '../engine/prune-images.ts'
import type { Removal } from '../engine/remove-image.ts'
import { listImages } from '../image/list.ts'
import { openContext } from '../system/open-context.ts'
import { mayRemove } from './ask-first.ts'
import { printLines } from './print.ts'

export const imagePrune = command({
  name: 'image prune',
  summary: 'Remove images without a name, or all that no container uses',
  usage: '[OPTIONS]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Remove all images that no container uses, not just those without a name' },
    filter: { type: 'list', metavar: 'filter', description: 'Only what fits until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE]' },
    force: { type: 'boolean', short: 'f', description: "Don't ask" },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const filters = parseFilters(options.filter, ['until', 'label', 'label!', 'dangling'])
    checkImageFilters(filters)
    const everything = options.all || filters.get('dangling')?.some((value) => /^(false|0|f)$/i.test(value)) === true
    const what = everything ? 'all images without at least one container associated to them' : 'all dangling images'
    if (!(await mayRemove(` ${what}.`, options.force))) return 0
    const context = await openContext(globals)
    const images = await filterImages(await listImages(context), new Map([...filters].filter(([name]) => name !== 'dangling')), {
      createdOf: async () => '',
      inUse: async () => new Set(),
      now: Date.now(),
    })
    const { removals, bytes } = await pruneImages(
      context,
      images.filter((image) => everything || isDangling(image)),
    )
    await collectGarbage(context)
    printLines([...deletedImages(removals), `Total reclaimed space: ${humanSize(bytes, 4)}`])
    return 0
  },
})

/** As Docker lists them. */
export function deletedImages(removals: readonly Removal[]): string[] {
  if (removals.length === 0) return []
  return ['Deleted Images:', ...removals.map((removal) => ('untagged' in removal ? `untagged: ${removal.untagged}` : `deleted: ${removal.deleted}`)), '']
}
