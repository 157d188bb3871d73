import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { ArchiveImage } from './archive-image.ts'
import { type Loaded, loadArchive } from './load-archive.ts'
import type { Platform } from './manifest.ts'
import { type FilePlace, nameOfPlace } from './place.ts'
import { hostPlatform } from './platform.ts'
import type { PullEvent, Pulled } from './pull.ts'
import { familiarReference, formatReference, parseReference } from './reference.ts'

export interface PlaceRequest {
  context: Context
  identity: Identity
  place: FilePlace
  platform?: Platform | undefined
  onEvent?: ((event: PullEvent) => void) | undefined
}

/** As pullImage, from a layout or an archive on this machine. Throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, and what loadArchive throws. */
export async function loadPlace({ context, identity, place, platform, onEvent = () => {} }: PlaceRequest): Promise<Pulled & { name: string }> {
  let loaded: Loaded | undefined
  onEvent({ kind: 'from', tag: place.name ?? 'latest', repository: place.path })
  await loadArchive({
    context,
    identity,
    source: { path: place.path },
    platform: { wanted: platform ?? hostPlatform(process.arch), explicit: platform !== undefined },
    only: place.name,
    choose: (images) => [theOne(place, images)],
    onEvent,
    onLoaded: (result) => {
      loaded = result
    },
  })
  if (loaded === undefined) throw noImage(place)
  const { image, references, present, moved } = loaded
  const name = familiarReference(parseReference(references[0]!))
  return { id: image.id, digest: image.manifest.digest, upToDate: present && moved.length === 0, name }
}

function theOne(place: FilePlace, images: readonly ArchiveImage[]): ArchiveImage {
  const [image, another] = images
  if (image === undefined) throw noImage(place)
  if (another === undefined) return { ...image, references: [formatReference(parseReference(nameFor(place, image)))] }
  const names = images.flatMap((each) => each.names)
  const which = `say which: ${place.kind}:${place.path}:${names[0]}; there are ${names.join(', ')}\n`
  throw new LichenError(`it has ${images.length} images`, { code: 'IMAGE_AMBIGUOUS', hint: `${names.length === 0 ? '' : which}lichen load takes all of them` })
}

/** By its own name; a tag alone tells nothing of what it is a tag of: then the folder's or the file's name is taken. */
function nameFor(place: FilePlace, { names, references }: ArchiveImage): string {
  const whole = names.find((name) => /[/:]/.test(name))
  const reference = whole === undefined ? undefined : references.map(parseReference).find(({ tag }) => tag !== undefined)
  return reference === undefined ? nameOfPlace(place, names[0]) : familiarReference(reference)
}

/** loadArchive puts the path in front. */
const noImage = ({ name }: FilePlace) =>
  new LichenError(`it has no image${name === undefined ? '' : ` called ${JSON.stringify(name)}`}`, {
    code: 'IMAGE_NOT_FOUND',
    hint: 'its index.json, or manifest.json, tells what is in it',
  })
