import { chainsOf, imagesOf } from '../container/images.ts'
import { listContainers } from '../container/list.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { chainIds } from '../image/chain-ids.ts'
import { notFound, requireMatch } from '../image/find.ts'
import { indexMembers, memberNames } from '../image/image-index.ts'
import type { Descriptor } from '../image/manifest.ts'
import { familiarReference, fullName, parseReference } from '../image/reference.ts'
import { listReferences, removeReference, type StoredReference } from '../image/references.ts'
import { listStoredImages, readStoredImage, removeStoredImage, type StoredImage, syncRecords, withStoreLock } from '../image/store.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { recordEvent } from './record-event.ts'

/** One line of `rmi`. */
export type Removal = { untagged: string } | { deleted: string }

/**
 * Takes a name from an image, or the image itself where it was the last one or an id was given: Docker's rules, of which
 * `force` sets aside those that no running container stands behind. Files stay until `collectGarbage`.
 * Throws IMAGE_NOT_FOUND, IMAGE_IN_USE.
 */
export async function removeImage({ context, name, force }: { context: Context; name: string; force: boolean }): Promise<Removal[]> {
  const [outcome] = await removeImages({ context, names: [name], force })
  if (outcome instanceof LichenError) throw outcome
  return outcome!
}

/**
 * As removeImage, one name after the other: what was removed for each, or why it was not. The store is read once for all of them, under its
 * lock: to remove hundreds of images is otherwise to read hundreds of records hundreds of times. `tell` hears of each as it happens.
 */
export async function removeImages(
  { context, names, force }: { context: Context; names: readonly string[]; force: boolean },
  tell: (outcome: Removal[] | LichenError) => void = () => {},
): Promise<(Removal[] | LichenError)[]> {
  return withStoreLock(context, async () => {
    const shelf = await readShelf(context)
    const outcomes: (Removal[] | LichenError)[] = []
    try {
      for (const name of names) {
        const outcome = await takeDown({ context, name, force, shelf }).catch((error: unknown) => {
          if (error instanceof LichenError) return error
          throw error
        })
        tell(outcome)
        outcomes.push(outcome)
      }
    } finally {
      if (shelf.changed) await syncRecords(context)
    }
    return outcomes
  })
}

/** What was in the store when its lock was taken, less what has been removed since. */
interface Shelf {
  references: StoredReference[]
  images: Map<string, StoredImage>
  containers: ContainerView[]
  /** How many images and containers have this chain of layers. */
  chains: Map<string, number>
  changed: boolean
}

async function readShelf(context: Context): Promise<Shelf> {
  const [references, images, containers] = await Promise.all([listReferences(context), listStoredImages(context), listContainers(context)])
  const chains = new Map<string, number>()
  const kept = [...images.map(({ layers }) => layers.map(({ diffId }) => diffId)), ...containers.flatMap(({ record }) => chainsOf(record))]
  for (const chain of kept.flatMap(chainIds)) chains.set(chain, (chains.get(chain) ?? 0) + 1)
  return { references, images: new Map(images.map((image) => [image.id, image])), containers, chains, changed: false }
}

async function takeDown({ context, name, force, shelf }: { context: Context; name: string; force: boolean; shelf: Shelf }): Promise<Removal[]> {
  const match = await requireMatch(context, name)
  // A record that can't be read says so here.
  const image = shelf.images.get(match.id) ?? (await readStoredImage(context, match.id))
  const references = shelf.references.filter((stored) => stored.image === match.id)
  const users = shelf.containers.filter(({ record }) => imagesOf(record).includes(match.id))
  if (match.reference === undefined && image === undefined) throw notFound(name)
  const removals =
    match.reference === undefined
      ? await byId({ context, image: image!, references, shelf, users, force })
      : await byName({ context, name, image, references, shelf, users, force, given: match.reference })
  await recordRemovals(context, match.id, removals)
  return removals
}

async function recordRemovals(context: Context, id: string, removals: readonly Removal[]): Promise<void> {
  for (const removal of removals) if ('untagged' in removal) await recordEvent(context.paths, 'image', 'untag', id, { name: id })
  if (removals.some((removal) => 'deleted' in removal)) await recordEvent(context.paths, 'image', 'delete', id, { name: id })
}

interface Removing {
  context: Context
  image: StoredImage
  references: StoredReference[]
  shelf: Shelf
  /** Containers that were made of the image. */
  users: ContainerView[]
  force: boolean
}

async function byId({ context, image, references, shelf, users, force }: Removing): Promise<Removal[]> {
  if (!force && !isOneName(references))
    throw conflict(
      image.id,
      'must be forced',
      'image is referenced in multiple repositories',
      `lichen rmi -f ${short(image.id)} takes all of its names, lichen rmi NAME one of them`,
    )
  checkUse(image.id, users, force)
  return [...(await untag(context, references, shelf)), ...(await removeRecord(context, image, shelf))]
}

async function byName(input: Omit<Removing, 'image'> & { image: StoredImage | undefined; name: string; given: StoredReference }): Promise<Removal[]> {
  const { context, name, image, references, shelf, users, force, given } = input
  const user = users[0]
  if (user !== undefined && !force && isOneName(references)) {
    const container = user.record.id.slice(0, 12)
    throw new LichenError(
      `conflict: unable to remove repository reference ${JSON.stringify(name)} (must force) - container ${container} is using its referenced image ${short(given.image)}`,
      { code: 'IMAGE_IN_USE', exitCode: 1, hint: `lichen rm ${container}, or lichen rmi -f ${name}` },
    )
  }
  const [taken, left] = withoutName(references, given)
  const removals = await untag(context, taken, shelf)
  // What a container runs on loses its name only, as in Docker.
  if (left.length === 0 && image !== undefined && !users.some(isActive)) removals.push(...(await removeRecord(context, image, shelf)))
  if (given.index !== undefined) removals.push(...(await removeMembers(context, given, given.index, shelf)))
  return removals
}

/** The images for other platforms go with the last name that stood for them, unless they have names of their own, or containers. */
async function removeMembers(context: Context, given: StoredReference, index: Descriptor, shelf: Shelf): Promise<Removal[]> {
  const needed = await memberNames(context, shelf.references)
  const removals: Removal[] = []
  // What an index that can't be read stood for is dangling now.
  const members = await indexMembers(context, index).catch((error: unknown) => {
    if (error instanceof LichenError) return []
    throw error
  })
  for (const { image } of members) {
    if (image === undefined || image.id === given.image || needed.has(image.manifest.digest)) continue
    const isNamed = shelf.references.some((stored) => stored.image === image.id)
    const isUsed = shelf.containers.some(({ record }) => imagesOf(record).includes(image.id))
    if (!isNamed && !isUsed) removals.push(...(await removeRecord(context, image, shelf)))
  }
  return removals
}

/** The name that was given; with the last tag of a repository, its digests go as well. */
function withoutName(references: StoredReference[], given: StoredReference): [taken: StoredReference[], left: StoredReference[]] {
  const repository = fullName(parseReference(given.reference))
  const others = references.filter(({ reference }) => reference !== given.reference)
  const isDigestOf = ({ reference }: StoredReference) => isCanonical(reference) && fullName(parseReference(reference)) === repository
  const tagLeft = others.some(({ reference }) => !isCanonical(reference) && fullName(parseReference(reference)) === repository)
  if (isCanonical(given.reference) || tagLeft) return [[given], others]
  return [[given, ...others.filter(isDigestOf)], others.filter((stored) => !isDigestOf(stored))]
}

/** At most one tag, and digests of the same repository only. */
function isOneName(references: readonly StoredReference[]): boolean {
  const tags = references.filter(({ reference }) => !isCanonical(reference))
  return tags.length <= 1 && new Set(references.map(({ reference }) => fullName(parseReference(reference)))).size <= 1
}

const isCanonical = (reference: string) => parseReference(reference).digest !== undefined

function checkUse(id: string, users: readonly ContainerView[], force: boolean): void {
  const running = users.find(isActive)
  if (running !== undefined)
    throw conflict(id, 'cannot be forced', `image is being used by running container ${containerId(running)}`, `lichen rm -f ${containerId(running)}`)
  const stopped = users[0]
  if (stopped !== undefined && !force)
    throw conflict(
      id,
      'must be forced',
      `image is being used by stopped container ${containerId(stopped)}`,
      `lichen rm ${containerId(stopped)}, or lichen rmi -f ${short(id)}`,
    )
}

const containerId = ({ record }: ContainerView) => record.id.slice(0, 12)

const conflict = (id: string, severity: string, why: string, hint: string) =>
  new LichenError(`conflict: unable to delete ${short(id)} (${severity}) - ${why}`, { code: 'IMAGE_IN_USE', exitCode: 1, hint })

async function untag(context: Context, references: readonly StoredReference[], shelf: Shelf): Promise<Removal[]> {
  const taken = new Set(references.map(({ reference }) => reference))
  for (const reference of taken) await removeReference(context, reference)
  shelf.references = shelf.references.filter(({ reference }) => !taken.has(reference))
  return references.map(({ reference }) => ({ untagged: familiarReference(parseReference(reference)) }))
}

/** Says of each layer that goes the id of its chain, topmost first, as Docker. */
async function removeRecord(context: Context, image: StoredImage, shelf: Shelf): Promise<Removal[]> {
  await removeStoredImage(context, image.id)
  shelf.changed = true
  shelf.images.delete(image.id)
  const gone = chainIds(image.layers.map(({ diffId }) => diffId)).filter((chain) => {
    const left = (shelf.chains.get(chain) ?? 1) - 1
    shelf.chains.set(chain, left)
    return left === 0
  })
  return [image.id, ...gone.reverse()].map((deleted) => ({ deleted }))
}

const short = (id: string) => id.replace(/^sha256:/, '').slice(0, 12)
