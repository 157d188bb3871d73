import { listContainers } from '../container/list.ts'
import { type Collected, collect } from '../image/collect.ts'
import { removeTree } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { debug } from '../system/log.ts'

/** Removes what no image and no container needs any more; undefined where that has to wait (see `collect`). */
export function collectGarbage(context: Context): Promise<Collected | undefined> {
  return collect({
    context,
    layersInUse: () => layersOfContainers(context),
    async removeTrees(paths) {
      const identity = await hostIdentity(context)
      for (const path of paths) await removeTree({ context, identity, path })
    },
  })
}

async function layersOfContainers(context: Context): Promise<Set<string> | undefined> {
  const broken: string[] = []
  const views = await listContainers(context, (id) => broken.push(id))
  if (broken.length > 0) {
    debug(`no layer is collected: nobody can tell what container ${broken[0]} stands on`)
    return undefined
  }
  return new Set(views.flatMap(({ record }) => record.image.layers))
}
