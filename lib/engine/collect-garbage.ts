import { listContainers } from '../container/list.ts'
import { collect, findGarbage, type Garbage } from '../image/collect.ts'
import { whileNothingArrives } from '../image/store.ts'
import { removeTrees } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { debug } from '../system/log.ts'

/** Removes what no image and no container needs any more; undefined where that has to wait (see `collect`). */
export function collectGarbage(context: Context): Promise<Garbage | undefined> {
  return collect({
    context,
    layersInUse: () => layersOfContainers(context),
    removeTrees: async (paths) => removeTrees({ context, identity: await hostIdentity(context), paths }),
  })
}

/** What collectGarbage would remove. */
export const seeGarbage = (context: Context): Promise<Garbage | undefined> =>
  whileNothingArrives(context, () => findGarbage({ context, layersInUse: () => layersOfContainers(context) }))

async function layersOfContainers(context: Context): Promise<Set<string> | undefined> {
  const broken: string[] = []
  const views = await listContainers(context, (id) => broken.push(id))
  if (broken.length > 0) {
    debug(`no layer is collected: nobody can tell what container ${broken[0]} stands on`)
    return undefined
  }
  return new Set(views.flatMap(({ record }) => record.image.layers))
}
