import { listContainers } from '../container/list.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { chainIds } from '../image/chain-ids.ts'
import { notFound, requireMatch } from '../image/find.ts'
import { familiarReference, fullName, parseReference } from '../image/reference.ts'
import { listReferences, removeReference, type StoredReference } from '../image/references.ts'
import { listStoredImages, readStoredImage, removeStoredImage, type StoredImage, withStoreLock } from '../image/store.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

/** One line of `rmi`. */
export type Removal = { untagged: string } | { deleted: string }

/**
 * Takes a name from an image, or the image itself where it was the last one or an id was given: Docker's rules, of which
 * `force` sets aside those that no running container stands behind. Files stay until `collectGarbage`.
 * Throws IMAGE_NOT_FOUND, IMAGE_IN_USE.
 */
export async function removeImage({ context, name, force }: { context: Context; name: string; force: boolean }): Promise<Removal[]> {
  return withStoreLock(context, async () => {
    const match = await requireMatch(context, name)
    const image = await readStoredImage(context, match.id)
    const references = (await listReferences(context)).filter((stored) => stored.image === match.id)
    const containers = await listContainers(context)
    const users = containers.filter(({ record }) => record.image.id === match.id)
    if (match.reference === undefined) {
      if (image === undefined) throw notFound(name)
      return byId({ context, image, references, containers, users, force })
    }
    return byName({ context, name, image, references, containers, users, force, given: match.reference })
  })
}

interface Removing {
  context: Context
  image: StoredImage
  references: StoredReference[]
  containers: ContainerView[]
  /** Those that were made of the image. */
  users: ContainerView[]
  force: boolean
}

async function byId({ context, image, references, containers, users, force }: Removing): Promise<Removal[]> {
  if (!force && !isOneName(references)) throw conflict(image.id, 'must be forced', 'image is referenced in multiple repositories')
  checkUse(image.id, users, force)
  return [...(await untag(context, references)), ...(await removeRecord(context, image, containers))]
}

async function byName(input: Omit<Removing, 'image'> & { image: StoredImage | undefined; name: string; given: StoredReference }): Promise<Removal[]> {
  const { context, name, image, references, containers, users, force, given } = input
  const user = users[0]
  if (user !== undefined && !force && isOneName(references)) {
    const container = user.record.id.slice(0, 12)
    throw new LichenError(
      `conflict: unable to remove repository reference ${JSON.stringify(name)} (must force) - container ${container} is using its referenced image ${short(given.image)}`,
      { code: 'IMAGE_IN_USE', exitCode: 1, hint: `lichen rm ${container}, or lichen rmi -f ${name}` },
    )
  }
  const [taken, left] = withoutName(references, given)
  const removals = await untag(context, taken)
  // What a container runs on loses its name only, as in Docker.
  if (left.length > 0 || image === undefined || users.some(isActive)) return removals
  return [...removals, ...(await removeRecord(context, image, containers))]
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
  if (running !== undefined) throw conflict(id, 'cannot be forced', `image is being used by running container ${running.record.id.slice(0, 12)}`)
  const stopped = users[0]
  if (stopped !== undefined && !force) throw conflict(id, 'must be forced', `image is being used by stopped container ${stopped.record.id.slice(0, 12)}`)
}

const conflict = (id: string, severity: string, why: string) =>
  new LichenError(`conflict: unable to delete ${short(id)} (${severity}) - ${why}`, { code: 'IMAGE_IN_USE', exitCode: 1 })

async function untag(context: Context, references: readonly StoredReference[]): Promise<Removal[]> {
  for (const { reference } of references) await removeReference(context, reference)
  return references.map(({ reference }) => ({ untagged: familiarReference(parseReference(reference)) }))
}

/** Says of each layer that goes the id of its chain, topmost first, as Docker. */
async function removeRecord(context: Context, image: StoredImage, containers: readonly ContainerView[]): Promise<Removal[]> {
  await removeStoredImage(context, image.id)
  const images = (await listStoredImages(context)).map(({ layers }) => layers.map(({ diffId }) => diffId))
  const kept = new Set([...images, ...containers.map(({ record }) => record.image.layers)].flatMap(chainIds))
  const gone = chainIds(image.layers.map(({ diffId }) => diffId)).filter((chain) => !kept.has(chain))
  return [image.id, ...gone.reverse()].map((deleted) => ({ deleted }))
}

const short = (id: string) => id.replace(/^sha256:/, '').slice(0, 12)
