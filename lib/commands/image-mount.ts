import { command } from '../cli/command.ts'
import { shortId } from '../cli/humanise.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { mountedImages, mountImage, requireUnshare } from '../engine/mount-image.ts'
import { findImage } from '../image/find.ts'
import { listImages } from '../image/list.ts'
import type { Context } from '../system/context.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const imageMount = command({
  name: 'image mount',
  summary: 'Mount images read-only, inside of lichen unshare, and print where; without a name, show what is mounted',
  usage: '[OPTIONS] [IMAGE...]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Mount all images' },
    format: { type: 'string', metavar: 'string', default: '', description: 'json' },
  }),
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, complete: 'image' },
  async run({ options, positionals }, globals) {
    if (options.all && positionals.length > 0) throw usageError('"lichen image mount" takes names or --all, not both', "See 'lichen image mount --help'.")
    if (options.format !== '' && options.format !== 'json') throw usageError(`unsupported --format ${JSON.stringify(options.format)}`, 'json')
    const owner = await requireUnshare('image mount')
    const context = await openContext(globals)
    if (!options.all && positionals.length === 0) {
      printLines(await shown(context, options.format === 'json'))
      return 0
    }
    const images = options.all ? await listImages(context) : await Promise.all(positionals.map((name) => findImage(context, name)))
    for (const image of images) printLines([await mountImage(context, image, owner)])
    return 0
  },
})

async function shown(context: Context, json: boolean): Promise<string[]> {
  const mounts = await mountedImages(context)
  const names = new Map((await listImages(context)).map(({ id, references }) => [id, references]))
  if (!json) return mounts.map(({ id, path }) => `${names.get(id)?.[0] ?? shortId(id)} ${path}`)
  const documents = mounts.map(({ id, path }) => ({ id: id.slice('sha256:'.length), Repositories: names.get(id) ?? [], mountpoint: path }))
  return [JSON.stringify(documents, null, 1)]
}
