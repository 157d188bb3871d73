import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { warning } from '../system/log.ts'
import { matchImage } from './find.ts'
import type { Image } from './image.ts'
import { assembleImage } from './list.ts'
import type { Platform } from './manifest.ts'
import { fitsPlatform, formatPlatform, hostPlatform, parsePlatform } from './platform.ts'
import type { PullEvent } from './pull.ts'
import { familiarReference, parseReference } from './reference.ts'
import { readStoredImage } from './store.ts'

/** newer: as always, but what is here will do where the registry can't be asked. */
export type PullPolicy = 'missing' | 'always' | 'never' | 'newer'

/** Who is told of a pull that a run brings about. */
export interface PullListener {
  event(event: PullEvent): void
  /** A line of its own. */
  say(line: string): void
}

export interface ImageWish {
  context: Context
  identity: Identity
  /** As the user wrote it: a name, or an id. */
  reference: string
  pull: PullPolicy
  platform?: string
  /** As that of a pull. */
  signal?: AbortSignal
  /** Asked for where something is pulled. */
  progress(): Promise<PullListener>
}

/**
 * The image that a container is made of: what is here, else what a registry has. Where it is here and may be used as it
 * is, nothing of the registry's client is loaded and no folder is listed.
 * Throws IMAGE_NOT_FOUND, BAD_REFERENCE, BAD_PLATFORM, and what pullImage throws.
 */
export async function resolveImage(wish: ImageWish): Promise<Image> {
  const platform = wish.platform === undefined ? undefined : parsePlatform(wish.platform)
  if (PLACE.test(wish.reference)) return fromPlace(wish, platform)
  const here = wish.pull === 'always' ? undefined : await localImage(wish.context, wish.reference)
  const fits = here !== undefined && (platform === undefined || fitsPlatform(here.configuration, platform))
  if (fits && wish.pull === 'newer') return newer(wish, here, platform)
  if (fits) {
    warnOfPlatform(here, platform)
    return here
  }
  const member = here === undefined || platform === undefined ? undefined : await otherPlatform(wish, platform)
  if (member !== undefined) return member
  if (wish.pull === 'never') {
    if (here !== undefined && platform !== undefined) throw wrongPlatform(wish.reference, formatPlatform(platform), formatPlatform(here.configuration))
    throw noSuchImage(wish.reference)
  }
  return pulled(wish, wish.reference, platform)
}

/** `oci:DIR`, `docker://NAME` and their kin; a name can begin like that, too. */
const PLACE = /^(oci|oci-archive|docker-archive|dir|docker):/

/** Of a name that stands for several. */
async function otherPlatform({ context, reference }: ImageWish, platform: Platform): Promise<Image | undefined> {
  const index = (await matchImage(context, reference))?.reference?.index
  if (index === undefined) return undefined
  const { memberFor } = await import('./image-index.ts')
  const member = await memberFor(context, index, platform, reference)
  return member === undefined ? undefined : assembleImage(context, member, [])
}

async function newer(wish: ImageWish, here: Image, platform: Platform | undefined): Promise<Image> {
  try {
    return await pulled(wish, wish.reference, platform)
  } catch (error) {
    if (!(error instanceof LichenError)) throw error
    warning(`the image that is here is used: ${error.message}`)
    return here
  }
}

async function fromPlace(wish: ImageWish, platform: Platform | undefined): Promise<Image> {
  const here = /\//.test(wish.reference) ? undefined : await localImage(wish.context, wish.reference)
  if (here !== undefined) return here
  const [{ findPlace }, { loadPlace }] = await Promise.all([import('./place.ts'), import('./load-place.ts')])
  const place = await findPlace(wish.reference)
  if (place.kind === 'registry' && place.name === wish.reference) return pulled(wish, place.name, platform)
  if (place.kind === 'registry') return resolveImage({ ...wish, reference: place.name })
  const listener = await wish.progress()
  const loaded = await loadPlace({ context: wish.context, identity: wish.identity, place, platform, onEvent: listener.event })
  const { closingLines } = await import('./pull-lines.ts')
  for (const line of closingLines(loaded, loaded.name)) listener.say(line)
  return required(await byId(wish.context, loaded.id), wish.reference)
}

async function pulled(wish: ImageWish, name: string, platform: Platform | undefined): Promise<Image> {
  const reference = parseReference(name)
  const familiar = familiarReference(reference)
  const [{ pullImage }, { closingLines }, listener] = await Promise.all([import('./pull.ts'), import('./pull-lines.ts'), wish.progress()])
  if (wish.pull === 'missing') listener.say(`Unable to find image '${familiar}' locally`)
  const result = await pullImage({
    context: wish.context,
    identity: wish.identity,
    reference,
    platform,
    onEvent: listener.event,
    signal: wish.signal,
  })
  for (const line of closingLines(result, familiar)) listener.say(line)
  const image = required(await byId(wish.context, result.id), name)
  warnOfPlatform(image, platform)
  return image
}

/** As Docker: it may run all the same, where the kernel has an interpreter for such programs. */
function warnOfPlatform({ configuration }: Image, platform: Platform | undefined): void {
  const host = hostPlatform(process.arch)
  if (platform !== undefined || fitsPlatform(configuration, host)) return
  warning(
    `the requested image's platform (${formatPlatform(configuration)}) does not match the detected host platform (${formatPlatform(host)}) and no specific platform was requested`,
  )
}

function required(image: Image | undefined, name: string): Image {
  if (image === undefined) throw noSuchImage(name)
  return image
}

async function localImage(context: Context, name: string): Promise<Image | undefined> {
  const match = await matchImage(context, name)
  return match === undefined ? undefined : byId(context, match.id)
}

/** Without its names, which nobody needs here. */
async function byId(context: Context, id: string): Promise<Image | undefined> {
  const stored = await readStoredImage(context, id)
  return stored === undefined ? undefined : assembleImage(context, stored, [])
}

function noSuchImage(name: string): LichenError {
  const shown = /[:@]/.test(name) || /^[0-9a-f]{12,64}$/.test(name) ? name : `${name}:latest`
  return new LichenError(`No such image: ${shown}`, { code: 'IMAGE_NOT_FOUND', hint: 'lichen pull brings it, lichen images shows what is here' })
}

const wrongPlatform = (name: string, wanted: string, actual: string) =>
  new LichenError(`image with reference ${name} was found but does not match the specified platform: wanted ${wanted}, actual: ${actual}`, {
    code: 'NO_SUCH_PLATFORM',
  })
