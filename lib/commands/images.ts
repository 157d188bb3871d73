import { command } from '../cli/command.ts'
import { parseFilters } from '../cli/filters.ts'
import { checkImageFilters, filterImages, imageFilterNames } from '../cli/image-filters.ts'
import { imageHeads, imageRaw, imageRows, imageTable, imageTableWithDigests } from '../cli/image-row.ts'
import { sortKeys, sortRows } from '../cli/image-sort.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { imagesOf } from '../container/images.ts'
import { listContainers } from '../container/list.ts'
import { findImage } from '../image/find.ts'
import { listImages } from '../image/list.ts'
import { warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

const options = optionTable({
  all: { type: 'boolean', short: 'a', description: 'Show all images; lichen keeps no intermediate ones, so it always does' },
  digests: { type: 'boolean', description: 'Show digests' },
  filter: { type: 'list', short: 'f', metavar: 'filter', description: `Show what fits name=value (${imageFilterNames.join(', ')})` },
  format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
  'no-trunc': { type: 'boolean', description: "Don't truncate output" },
  quiet: { type: 'boolean', short: 'q', description: 'Only show image IDs' },
  sort: { type: 'string', metavar: 'string', default: 'created', description: sortKeys.join(', ') },
})

export const images = command({
  name: 'images',
  summary: 'List images',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  options,
  positionals: { min: 0, max: 1, complete: 'image' },
  async run({ options, positionals }, globals) {
    const named = positionals.map((name) => `reference=${name}`)
    const filters = parseFilters([...options.filter, ...named], imageFilterNames)
    checkImageFilters(filters)
    if (!sortKeys.some((key) => key === options.sort)) throw usageError(`unknown key ${JSON.stringify(options.sort)} for --sort`, sortKeys.join(', '))
    const context = await openContext(globals)
    const all = await listImages(context, (id) => warning(`image ${id.slice(0, 19)} can't be read: lichen system check says why`))
    const shown = await filterImages(all, filters, {
      createdOf: async (name) => (await findImage(context, name)).configuration.created ?? '',
      inUse: async () => new Set((await listContainers(context)).flatMap(({ record }) => imagesOf(record))),
      now: Date.now(),
    })
    const pairs = shown.flatMap((image) =>
      imageRows(image, { digests: options.digests, truncate: !options['no-trunc'], now: Date.now() }).map((row) => ({ image, row })),
    )
    const quiet = { '': '{{.ID}}', table: '{{.ID}}', raw: 'image_id: {{.ID}}' }[options.format]
    const format = options.quiet && quiet !== undefined ? quiet : options.format
    const table = options.digests ? imageTableWithDigests : imageTable
    printLines(
      formatList(
        sortRows(pairs, options.sort).map(({ row }) => row),
        { format, table, raw: imageRaw(options.digests), heads: imageHeads },
      ),
    )
    return 0
  },
})
