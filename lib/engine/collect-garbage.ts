import { listCachedSteps } from '../build/cache.ts'
import { layersOf } from '../container/images.ts'
import { listContainers } from '../container/list.ts'
import { type CollectInput, collect, findGarbage, type Garbage } from '../image/collect.ts'
import { whileNothingArrives } from '../image/store.ts'
import { removeTrees } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { debug } from '../system/log.ts'

/** Removes what no image and no container needs any more; undefined where that has to wait (see `collect`). */
export function collectGarbage(context: Context): Promise<Garbage | undefined> {
  return collect({
    context,
    ...needs(context),
    removeTrees: async (paths) => removeTrees({ context, identity: await hostIdentity(context), paths }),
  })
}

/** What collectGarbage would remove. */
export const seeGarbage = (context: Context): Promise<Garbage | undefined> => whileNothingArrives(context, () => findGarbage({ context, ...needs(context) }))

/** What containers stand on, and what builds have made and may use again. */
function needs(context: Context): Pick<CollectInput, 'layersInUse' | 'blobsInUse'> {
  // Asked for while nothing arrives: a build that has just ended is seen.
  const cached = async () => (await listCachedSteps(context)).flatMap(({ layer }) => (layer === undefined ? [] : [layer]))
  return {
    async layersInUse() {
      const layers = await layersOfContainers(context)
      return layers === undefined ? undefined : new Set([...layers, ...(await cached()).map(({ diffId }) => diffId)])
    },
    blobsInUse: async () => (await cached()).map(({ blob }) => blob.digest),
  }
}

async function layersOfContainers(context: Context): Promise<Set<string> | undefined> {
  const broken: string[] = []
  const views = await listContainers(context, (id) => broken.push(id))
  if (broken.length > 0) {
    debug(`no layer is collected: nobody can tell what container ${broken[0]} stands on`)
    return undefined
  }
  return new Set(views.flatMap(({ record }) => layersOf(record)))
}
