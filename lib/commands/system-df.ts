import { ownSize } from '../build/cache-entry.ts'
import { cacheHeads, cacheRow } from '../cli/build-cache-row.ts'
import { command } from '../cli/command.ts'
import { containerHeads, containerRow } from '../cli/container-row.ts'
import { humanSize } from '../cli/humanise.ts'
import { imageHeads, imageRows } from '../cli/image-row.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { rowJson } from '../cli/template/row-json.ts'
import { goRow } from '../cli/template/values.ts'
import { compileTemplate } from '../cli/template.ts'
import { volumeRow } from '../cli/volume-row.ts'
import { isActive } from '../container/view.ts'
import { type StoreUsage, storeUsage } from '../engine/disk-usage.ts'
import { volumePlace } from '../engine/volume-place.ts'
import type { Volume } from '../storage/volumes.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

const table = '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}'
const raw = 'type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\nreclaimable: {{.Reclaimable}}\n'
const heads = { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' }

export const systemDf = command({
  name: 'system df',
  summary: 'Show disk usage',
  usage: '[OPTIONS]',
  options: optionTable({
    format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
    verbose: { type: 'boolean', short: 'v', description: 'Show every image, container and volume' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const context = await openContext(globals)
    const usage = await storeUsage(context)
    const whole = !['', 'table'].includes(options.format)
    if (!options.verbose) printLines(formatList(rows(usage), { format: options.format, table, raw, heads }))
    else {
      const every = details(usage, (volume) => volumePlace(context, volume), !whole)
      printLines(whole ? [formatted(every, options.format)] : verbose(every, usage.cache))
    }
    return 0
  },
})

function rows({ images, layerBytes, activeLayerBytes, containers, volumes, cache }: StoreUsage) {
  const sum = (list: readonly { bytes: number }[]) => list.reduce((total, { bytes }) => total + bytes, 0)
  const stopped = containers.filter(({ view }) => !isActive(view))
  const unused = volumes.filter(({ links }) => links === 0)
  return [
    row('Images', images.length, images.filter((entry) => entry.containers > 0).length, layerBytes, layerBytes - activeLayerBytes),
    row('Containers', containers.length, containers.length - stopped.length, sum(containers), sum(stopped)),
    row('Local Volumes', volumes.length, volumes.length - unused.length, sum(volumes), sum(unused)),
    // As Docker: what images have, too, is theirs; and no percentage.
    { ...row('Build Cache', cache.length, 0, ownSize(cache), 0), Reclaimable: humanSize(ownSize(cache), 4) },
  ]
}

function row(type: string, total: number, active: number, size: number, reclaimable: number) {
  const percent = size > 0 ? ` (${Math.trunc((reclaimable * 100) / size)}%)` : ''
  return { Type: type, TotalCount: String(total), Active: String(active), Size: humanSize(size, 4), Reclaimable: `${humanSize(reclaimable, 4)}${percent}` }
}

/** Every image, container, volume and entry of the cache; as Docker, ids are whole where a template asks for them. */
function details({ images, containers, volumes, cache }: StoreUsage, placeOf: (volume: Volume) => string, truncate: boolean) {
  const now = Date.now()
  return {
    Images: images.flatMap(({ image, shared, containers }) =>
      imageRows(image, { digests: false, truncate, now }).map((line) =>
        goRow({ ...line, SharedSize: humanSize(shared, 4), UniqueSize: humanSize(image.size - shared, 4), Containers: String(containers) }),
      ),
    ),
    Containers: containers.map(({ view, bytes }) => goRow({ ...containerRow(view, { truncate, now }), Size: humanSize(bytes) })),
    Volumes: volumes.map(({ volume, links, bytes }) => goRow({ ...volumeRow(volume, placeOf(volume)), Links: String(links), Size: humanSize(bytes, 4) })),
    BuildCache: cache.map((entry) => goRow(cacheRow(entry, now))),
  }
}

type Details = ReturnType<typeof details>

function formatted(rows: Details, format: string): string {
  if (format !== 'json') return compileTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'))(rows)
  return `{${Object.entries(rows)
    .map(([kind, list]) => `"${kind}":[${list.map(rowJson).join(',')}]`)
    .join(',')}}`
}

function verbose(rows: Details, cache: StoreUsage['cache']): string[] {
  return [
    'Images space usage:\n',
    ...formatList(rows.Images, {
      format: '',
      table: columns(['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers']),
      heads: imageHeads,
    }),
    '\nContainers space usage:\n',
    ...formatList(rows.Containers, {
      format: '',
      table: columns(['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names']),
      heads: { ...containerHeads, Size: 'SIZE' },
    }),
    '\nLocal Volumes space usage:\n',
    ...formatList(rows.Volumes, { format: '', table: columns(['Name', 'Links', 'Size']), heads: { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' } }),
    `\nBuild cache usage: ${humanSize(ownSize(cache))}\n`,
    ...formatList(rows.BuildCache, { format: '', table: columns(Object.keys(cacheHeads)), heads: cacheHeads }),
  ]
}

const columns = (names: readonly string[]) => names.map((name) => `{{.${name}}}`).join('\t')
