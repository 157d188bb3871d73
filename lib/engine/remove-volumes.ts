import { readVolumes } from '../storage/list-volumes.ts'
import { removeTree } from '../storage/remove.ts'
import { diskUsage } from '../storage/usage.ts'
import { discardVolume, finishVolumeRemovals, hasVolume, type Volume, volumeData, withVolumesLock } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { recordEvent, recordPrune } from './record-event.ts'
import { volumeUsers } from './volume-users.ts'

/** Removes a volume that no container uses. Throws VOLUME_NOT_FOUND, VOLUME_IN_USE in Docker's words, BROKEN_RECORD. */
export async function removeVolume(context: Context, name: string): Promise<void> {
  const grave = await withVolumesLock(context, async () => {
    if (!isName(name) || !(await hasVolume(context, name))) throw noSuchVolume(name)
    const users = (await volumeUsers(context)).get(name)
    if (users !== undefined) {
      throw new LichenError(`remove ${name}: volume is in use - [${users.join(', ')}]`, {
        code: 'VOLUME_IN_USE',
        exitCode: 1,
        hint: `lichen rm ${users.map((id) => id.slice(0, 12)).join(' ')}`,
      })
    }
    return discardVolume(context, name)
  })
  await recordEvent(context.paths, 'volume', 'destroy', name, { driver: 'local' })
  await removeTree({ context, identity: await hostIdentity(context), path: grave })
}

/** Removes those of the volumes that no container uses: what a container leaves behind. Where nobody can tell, they stay, for a prune. */
export async function removeUnused(context: Context, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const gone: string[] = []
  const graves = await withVolumesLock(context, async () => {
    const users = await volumeUsers(context).catch((error: unknown) => {
      if (error instanceof LichenError && error.code === 'BROKEN_RECORD') return undefined
      throw error
    })
    if (users === undefined) return []
    const found: string[] = []
    for (const name of names) {
      if (users.has(name) || !(await hasVolume(context, name))) continue
      found.push(await discardVolume(context, name))
      gone.push(name)
    }
    return found
  })
  for (const name of gone) await recordEvent(context.paths, 'volume', 'destroy', name, { driver: 'local' })
  const identity = await hostIdentity(context)
  for (const path of graves) await removeTree({ context, identity, path })
}

/** Removes the volumes that no container uses and that `fits`; gives their names, and the bytes in them. Throws BROKEN_RECORD. */
export async function pruneVolumes(context: Context, fits: (volume: Volume) => boolean): Promise<{ names: string[]; bytes: number }> {
  const identity = await hostIdentity(context)
  await finishVolumeRemovals(context, identity)
  const candidates = (await readVolumes(context)).filter(fits).map(({ name }) => name)
  // Measured before the lock is taken: it may take long.
  const usage =
    candidates.length === 0 ? new Map<string, number>() : await diskUsage({ context, identity, paths: candidates.map((name) => volumeData(context, name)) })
  const names: string[] = []
  const graves = await withVolumesLock(context, async () => {
    const users = await volumeUsers(context)
    const found: string[] = []
    for (const name of candidates) {
      if (users.has(name) || !(await hasVolume(context, name))) continue
      found.push(await discardVolume(context, name))
      names.push(name)
    }
    return found
  })
  for (const path of graves) await removeTree({ context, identity, path })
  const bytes = names.reduce((sum, name) => sum + (usage.get(volumeData(context, name)) ?? 0), 0)
  for (const name of names) await recordEvent(context.paths, 'volume', 'destroy', name, { driver: 'local' })
  await recordPrune(context.paths, 'volume', bytes)
  return { names, bytes }
}

export const noSuchVolume = (name: string) =>
  new LichenError(`get ${name}: no such volume`, { code: 'VOLUME_NOT_FOUND', exitCode: 1, hint: 'lichen volume ls' })

/** Never a path. */
export const isName = (name: string) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)
