import type { CreateOptions } from '../plan/options.ts'
import type { Identity, IdMapping } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'

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
  if (options.userns === '' || options.userns === 'auto') return { container: store, store, needsSquash: false, defaultUser: '' }
  const container = await hostIdentity(context, options.userns)
  // Where there is one id, all files are its own whatever it is called.
  const single = container.uidMappings.length === 1 && container.uidMappings[0]?.size === 1
  const needsSquash = !single && JSON.stringify(container.uidMappings) !== JSON.stringify(store.uidMappings)
  return { container, store, needsSquash, defaultUser: options.userns.startsWith('keep-id') ? ownIds(container) : '' }
}

/** The user's own ids as the container counts. */
function ownIds({ uidMappings, gidMappings }: Identity): string {
  const inside = (mappings: IdMapping[], id: number | undefined) => mappings.find(({ host, size }) => size === 1 && host === id)?.container ?? 0
  return `${inside(uidMappings, process.geteuid?.())}:${inside(gidMappings, process.getegid?.())}`
}
