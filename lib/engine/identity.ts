import type { CreateOptions } from '../plan/options.ts'
import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'

export interface ContainerIdentity {
  /** The map of the container itself, after `--userns`. */
  container: Identity
  /** The map under which layers lie on disk: always the default one. */
  store: Identity
  /** The two differ: the root file system must be translated while it is mounted. */
  needsSquash: boolean
}

/** The id maps for these options, from the ranges as they are now. */
export async function containerIdentity(context: Context, options: CreateOptions): Promise<ContainerIdentity> {
  const store = await hostIdentity(context)
  if (options.userns === '' || options.userns === 'auto') return { container: store, store, needsSquash: false }
  const container = await hostIdentity(context, options.userns)
  return { container, store, needsSquash: JSON.stringify(container.uidMappings) !== JSON.stringify(store.uidMappings) }
}
