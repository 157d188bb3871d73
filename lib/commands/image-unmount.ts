import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { checkPositionals } from '../cli/parse.ts'
import { usageError } from '../cli/usage-error.ts'
import { mountedImages, requireUnshare, unmountImage } from '../engine/mount-image.ts'
import { requireMatch } from '../image/find.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const imageUnmount = command({
  name: 'image umount',
  summary: 'Take away what lichen image mount has mounted',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'All that are mounted' },
    force: { type: 'boolean', short: 'f', description: 'Changes nothing: what is in use goes on until it is closed' },
  }),
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, complete: 'image' },
  async run({ options, positionals }, globals) {
    if (options.all && positionals.length > 0) throw usageError('"lichen image umount" takes names or --all, not both', "See 'lichen image umount --help'.")
    checkPositionals(positionals, { min: options.all ? 0 : 1, max: Number.POSITIVE_INFINITY }, 'lichen image umount', 125)
    await requireUnshare('image umount')
    const context = await openContext(globals)
    const ids = options.all ? (await mountedImages(context)).map(({ id }) => id) : await Promise.all(positionals.map((name) => mountedId(context, name)))
    for (const id of ids) {
      if (await unmountImage(context, id)) printLines([id])
      else if (!options.all) throw new LichenError(`image ${id} is not mounted`, { code: 'NOT_MOUNTED', hint: 'lichen image mount shows what is' })
    }
    return 0
  },
})

/** An image that was removed meanwhile is still mounted: then its id says which. */
async function mountedId(context: Context, name: string): Promise<string> {
  const prefix = name.replace(/^sha256:/, '')
  const gone = /^[0-9a-f]+$/.test(prefix) ? (await mountedImages(context)).filter(({ id }) => id.startsWith(`sha256:${prefix}`)) : []
  return gone.length === 1 ? gone[0]!.id : (await requireMatch(context, name)).id
}
