import { command } from '../cli/command.ts'
import { containerDocument } from '../cli/container-document.ts'
import { type ImageStorage, imageDocument } from '../cli/image-document.ts'
import { optionTable } from '../cli/options.ts'
import { checkPositionals } from '../cli/parse.ts'
import { compileInspectTemplate } from '../cli/template.ts'
import { usageError } from '../cli/usage-error.ts'
import { volumeDocument } from '../cli/volume-document.ts'
import { findContainer } from '../container/find.ts'
import type { ContainerView } from '../container/view.ts'
import { isName, noSuchVolume } from '../engine/remove-volumes.ts'
import { volumePlace } from '../engine/volume-place.ts'
import { findImage } from '../image/find.ts'
import type { Image } from '../image/image.ts'
import { readStoredImage } from '../image/store.ts'
import { chooseDriver } from '../storage/choose.ts'
import { readVolume } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { visible } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { writeErr } from '../system/output.ts'
import { layerDiff } from '../system/paths.ts'
import { printLines } from './print.ts'
import { latestContainer, withExitCode } from './targets.ts'

const options = optionTable({
  format: { type: 'string', short: 'f', metavar: 'string', default: '', description: 'json, or a Go template' },
  latest: { type: 'boolean', short: 'l', description: 'Of the container created last' },
  size: { type: 'boolean', short: 's', description: 'Display total file sizes of containers (SizeRw, SizeRootFs)' },
  type: { type: 'string', metavar: 'string', default: '', description: 'container, image or volume; default: the first of these that there is' },
})

export const inspect = command({
  name: 'inspect',
  summary: 'Return low-level information on containers and images',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  options,
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    if (!['', 'container', 'image', 'volume'].includes(options.type))
      throw usageError(`${JSON.stringify(options.type)} is not a valid value for --type`, 'container, image or volume', 1)
    const render = options.format === '' || options.format === 'json' ? undefined : compileInspectTemplate(options.format)
    checkPositionals(positionals, { min: options.latest ? 0 : 1, max: options.latest ? 0 : Infinity }, 'lichen inspect', 1)
    const context = await openContext(globals)
    const names = options.latest ? [(await latestContainer(context)).record.id] : positionals
    const found: unknown[] = []
    const failures: LichenError[] = []
    for (const name of names) {
      try {
        found.push(await document(context, name, options))
      } catch (error) {
        if (!(error instanceof LichenError)) throw error
        failures.push(error)
      }
    }
    if (render !== undefined) printLines(found.map(render))
    else printLines([options.format === 'json' ? JSON.stringify(found) : JSON.stringify(found, null, 4)])
    const last = failures.pop()
    // As Docker: what was found is printed, each failure is said, and the command fails.
    for (const { message } of failures) writeErr(`Error: ${visible(message)}\n`)
    if (last !== undefined) throw withExitCode(last, 1)
    return 0
  },
})

async function document(context: Context, name: string, { type, size }: { type: string; size: boolean }): Promise<unknown> {
  if (type === 'container') return sizedDocument(context, await findContainer(context, name), size)
  if (type === 'image') return ofImage(context, await findImage(context, name))
  if (type === 'volume') return namedVolume(context, name)
  const container = await orUndefined(findContainer(context, name), 'CONTAINER_NOT_FOUND')
  if (container !== undefined) return sizedDocument(context, container, size)
  const image = await orUndefined(findImage(context, name), 'IMAGE_NOT_FOUND')
  if (image !== undefined) return ofImage(context, image)
  const volume = await orUndefined(namedVolume(context, name), 'VOLUME_NOT_FOUND')
  if (volume !== undefined) return volume
  throw new LichenError(`No such object: ${name}`, { code: 'NO_SUCH_OBJECT', exitCode: 1, hint: 'lichen ps -a, lichen images, lichen volume ls' })
}

async function sizedDocument(context: Context, view: ContainerView, sized: boolean): Promise<unknown> {
  if (!sized) return containerDocument(view)
  const { containerSizes } = await import('../engine/container-sizes.ts')
  const size = (await containerSizes(context, [view])).get(view.record.id)
  return { ...containerDocument(view), SizeRw: size?.rw ?? 0, SizeRootFs: size?.rootFs ?? 0 }
}

async function ofImage(context: Context, { parent, ...image }: Image): Promise<unknown> {
  const [storage, below] = await Promise.all([storageOf(context, image), parent === undefined ? undefined : readStoredImage(context, parent)])
  return imageDocument({ ...image, ...(below === undefined ? {} : { parent: below.id }) }, storage)
}

async function storageOf(context: Context, { layers }: Image): Promise<ImageStorage> {
  const folders = layers.map((diffId) => layerDiff(context.paths, diffId)).toReversed()
  try {
    return { ...(await chooseDriver({ context, identity: await hostIdentity(context) })), layers: folders }
  } catch (error) {
    // Images can be looked into where none can be run; `info` says why.
    if (!(error instanceof LichenError)) throw error
    return { driver: 'none', layers: folders }
  }
}

async function namedVolume(context: Context, name: string): Promise<unknown> {
  const volume = isName(name) ? await readVolume(context, name) : undefined
  if (volume === undefined) throw noSuchVolume(name)
  return volumeDocument(volume, volumePlace(context, volume))
}

async function orUndefined<T>(promise: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof LichenError && error.code === code) return undefined
    throw error
  }
}
