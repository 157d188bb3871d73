import { listContainers } from '../container/list.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

/** Volume name -> full ids of the containers, running or not, that mount it. Throws BROKEN_RECORD where that can't be told. */
export async function volumeUsers(context: Context): Promise<Map<string, string[]>> {
  const views = await listContainers(context, (id) => {
    throw new LichenError(`nobody can tell which volumes are used: the record of container ${id.slice(0, 12)} can't be read`, {
      code: 'BROKEN_RECORD',
      hint: 'lichen system check --repair',
    })
  })
  const users = new Map<string, string[]>()
  for (const { record } of views) {
    for (const name of new Set(record.mounts.filter(({ type }) => type === 'volume').map((mount) => mount.name))) {
      users.set(name, [...(users.get(name) ?? []), record.id])
    }
  }
  return users
}
