import type { CreateOptions } from '../plan/options.ts'
import type { Identity, IdMapping } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { insideUnshare } from '../system/unshared.ts'

export interface ContainerIdentity {
  /** The map of the container itself, after `--userns`. */
  container: Identity
  /** The map under which layers lie on disk: always the default one. */
  store: Identity
  /** The two differ: the root file system must be translated while it is mounted. */
  needsSquash: boolean
  /** Who a process is that nobody named: with keep-id the user, "" otherwise. */
  defaultUser: string
}

/** The id maps for these options, from the ranges as they are now. */
export async function containerIdentity(context: Context, options: CreateOptions): Promise<ContainerIdentity> {
  const store = await hostIdentity(context)
  if (options.idMaps === undefined && (options.userns === '' || options.userns === 'auto')) {
    return { container: store, store, needsSquash: false, defaultUser: '' }
  }
  const container = options.idMaps === undefined ? await hostIdentity(context, options.userns) : await mappedIdentity(options.idMaps, store)
  const same = showsAsStored(store.uidMappings, container.uidMappings) && showsAsStored(store.gidMappings, container.gidMappings)
  return { container, store, needsSquash: !same, defaultUser: options.userns.startsWith('keep-id') ? ownIds(container) : '' }
}

async function mappedIdentity({ uids, gids }: NonNullable<CreateOptions['idMaps']>, store: Identity): Promise<Identity> {
  const { idMapOf } = await import('../plan/id-map-rules.ts')
  return { ...store, uidMappings: idMapOf(uids, store.uidMappings, '--uidmap'), gidMappings: idMapOf(gids, store.gidMappings, '--gidmap') }
}

/** As they are to be kept in a record: what is asked of the user's ids as they are now. Throws BAD_ID_MAP. */
export async function resolveIdMaps(context: Context, wish: CreateOptions['idMaps']): Promise<CreateOptions['idMaps']> {
  if (wish === undefined) return undefined
  if (insideUnshare() !== undefined)
    throw new LichenError('inside of lichen unshare there is no --uidmap', { code: 'BAD_USERNS', hint: 'call lichen outside of it' })
  const [{ resolveIdMap }, { uidMappings, gidMappings }] = await Promise.all([import('../plan/id-map-rules.ts'), hostIdentity(context)])
  return { uids: resolveIdMap(wish.uids, uidMappings, '--uidmap'), gids: resolveIdMap(wish.gids, gidMappings, '--gidmap') }
}

/** Files on disk have the owners that they should have in the container: what ids it has are by the same numbers those of the store, root's among them. */
function showsAsStored(store: readonly IdMapping[], container: readonly IdMapping[]): boolean {
  // Where there is one id, all files are its own whatever it is called.
  if (container.length === 1 && container[0]?.size === 1) return true
  const hostOf = (id: number) => {
    const range = store.find((one) => one.container <= id && id < one.container + one.size)
    return range === undefined ? undefined : range.host + (id - range.container)
  }
  const asStored = (range: IdMapping) => [0, range.size - 1].every((at) => hostOf(range.container + at) === range.host + at)
  return container.some((range) => range.container === 0) && container.every(asStored)
}

/** The user's own ids as the container counts. */
function ownIds({ uidMappings, gidMappings }: Identity): string {
  const inside = (mappings: IdMapping[], id: number | undefined) => mappings.find(({ host, size }) => size === 1 && host === id)?.container ?? 0
  return `${inside(uidMappings, process.geteuid?.())}:${inside(gidMappings, process.getegid?.())}`
}
