import { listContainers } from '../container/list.ts'
import { listVolumes } from '../storage/list-volumes.ts'
import { removeTree } from '../storage/remove.ts'
import { diskUsage } from '../storage/usage.ts'
import { volumeData } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson } from '../system/files.ts'
import { hostIdentity } from '../system/identity.ts'
import { volumesDir } from '../system/paths.ts'

/** Removes the anonymous volumes that no container uses; gives their names, and the bytes in them. Throws BROKEN_RECORD where that can't be told. */
export async function pruneVolumes(context: Context): Promise<{ names: string[]; bytes: number }> {
  const views = await listContainers(context, (id) => {
    throw new LichenError(`nobody can tell which volumes are used: the record of container ${id.slice(0, 12)} can't be read`, {
      code: 'BROKEN_RECORD',
      hint: 'lichen system check --repair',
    })
  })
  const used = new Set(views.flatMap(({ record }) => record.mounts.map(({ name }) => name)))
  const names: string[] = []
  for (const name of await listVolumes(context)) if (!used.has(name) && (await isAnonymous(context, name))) names.push(name)
  const identity = await hostIdentity(context)
  const usage = await diskUsage({ context, identity, paths: names.map((name) => volumeData(context, name)) })
  for (const name of names) await removeTree({ context, identity, path: `${volumesDir(context.paths)}/${name}` })
  return { names, bytes: [...usage.values()].reduce((sum, bytes) => sum + bytes, 0) }
}

async function isAnonymous(context: Context, name: string): Promise<boolean> {
  const volume = await readJson<{ anonymous?: unknown }>(`${volumesDir(context.paths)}/${name}/volume.json`).catch(() => undefined)
  return volume?.anonymous === true
}
