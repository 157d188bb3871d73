import { ownSize } from '../build/cache-entry.ts'
import { cacheHeads, cacheRow } from '../cli/build-cache-row.ts'
import { command } from '../cli/command.ts'
import { containerHeads, containerRow } from '../cli/container-row.ts'
import { humanSize } from '../cli/humanise.ts'
import { imageHeads, imageRows } from '../cli/image-row.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { isActive } from '../container/view.ts'
import { type StoreUsage, storeUsage } from '../engine/disk-usage.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

const table = '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}'
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
    if (options.verbose && options.format !== '') throw usageError('--verbose and --format do not go together', undefined, 1)
    const usage = await storeUsage(await openContext(globals))
    printLines(options.verbose ? verbose(usage) : formatList(rows(usage), { format: options.format, table, heads }))
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
    { ...row('Build Cache', cache.length, 0, ownSize(cache), 0), Reclaimable: humanSize(ownSize(cache)) },
  ]
}

function row(type: string, total: number, active: number, size: number, reclaimable: number) {
  const percent = size > 0 ? ` (${Math.trunc((reclaimable * 100) / size)}%)` : ''
  return { Type: type, TotalCount: String(total), Active: String(active), Size: humanSize(size), Reclaimable: `${humanSize(reclaimable)}${percent}` }
}

function verbose({ images, containers, volumes, cache }: StoreUsage): string[] {
  const now = Date.now()
  const imageLines = images.flatMap((entry) =>
    imageRows(entry.image, { digests: false, truncate: true, now }).map((line) => ({
      Repository: line.Repository,
      Tag: line.Tag,
      ID: line.ID,
      CreatedSince: line.CreatedSince,
      Size: line.Size,
      SharedSize: humanSize(entry.shared),
      UniqueSize: humanSize(entry.image.size - entry.shared),
      Containers: String(entry.containers),
    })),
  )
  const containerLines = containers.map(({ view, bytes }) => {
    const { ID, Image, Command, LocalVolumes, RunningFor, Status, Names } = containerRow(view, { truncate: true, now })
    return { ID, Image, Command, LocalVolumes, Size: humanSize(bytes), RunningFor, Status, Names }
  })
  const volumeLines = volumes.map(({ name, links, bytes }) => ({ Name: name, Links: String(links), Size: humanSize(bytes) }))
  return [
    'Images space usage:\n',
    ...formatList(imageLines, {
      format: '',
      table: columns(['Repository', 'Tag', 'ID', 'CreatedSince', 'Size', 'SharedSize', 'UniqueSize', 'Containers']),
      heads: imageHeads,
    }),
    '\nContainers space usage:\n',
    ...formatList(containerLines, {
      format: '',
      table: columns(['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names']),
      heads: { ...containerHeads, Size: 'SIZE' },
    }),
    '\nLocal Volumes space usage:\n',
    ...formatList(volumeLines, { format: '', table: columns(['Name', 'Links', 'Size']), heads: { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' } }),
    `\nBuild cache usage: ${humanSize(ownSize(cache))}\n`,
    ...formatList(
      cache.map((entry) => cacheRow(entry, now)),
      { format: '', table: columns(Object.keys(cacheHeads)), heads: cacheHeads },
    ),
  ]
}

const columns = (names: readonly string[]) => names.map((name) => `{{.${name}}}`).join('\t')
