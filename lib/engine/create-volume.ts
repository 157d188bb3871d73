import { volumeSource } from '../plan/volume-options.ts'
import { anonymousVolumeName, ensureVolume, readVolume, requireVolumeName, withVolumesLock } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { warning } from '../system/log.ts'
import { recordEvent } from './record-event.ts'

export interface VolumeWish {
  /** Undefined: an anonymous one. */
  name: string | undefined
  labels: Record<string, string>
  options: Record<string, string>
  /** True: one that is there already is a failure. */
  fresh?: boolean
}

/** Makes a volume; one of that name that is there stays as it is. Gives the name. Throws BAD_VOLUME_NAME, BAD_VOLUME_OPTION, UNSUPPORTED_VOLUME, VOLUME_EXISTS. */
export async function createVolume(context: Context, { name, labels, options, fresh = false }: VolumeWish): Promise<string> {
  const known = name ?? anonymousVolumeName()
  requireVolumeName(known)
  checkVolumeOptions(known, options)
  const identity = await hostIdentity(context)
  const made = await withVolumesLock(context, () =>
    ensureVolume({ context, identity, volume: { name: known, anonymous: name === undefined, labels, options } }),
  )
  if (made) {
    await recordEvent(context.paths, 'volume', 'create', known, { driver: 'local' })
    return known
  }
  if (fresh) throw new LichenError(`volume with name ${known} already exists`, { code: 'VOLUME_EXISTS', exitCode: 1 })
  const there = await readVolume(context, known)
  const asked = Object.keys(options).length > 0 || Object.keys(labels).length > 0
  if (asked && there !== undefined && (!same(there.options, options) || !same(there.labels, labels))) {
    warning(`volume ${known} exists, with other labels or options: it stays as it is`)
  }
  return known
}

/** Throws what volumeSource does, in the words of a making that failed. */
export function checkVolumeOptions(name: string, options: Readonly<Record<string, string>>): void {
  try {
    volumeSource(options)
  } catch (error) {
    if (!(error instanceof LichenError)) throw error
    const { code, hint } = error
    throw new LichenError(`create ${name}: ${error.message}`, { code, exitCode: error.exitCode, cause: error, ...(hint === undefined ? {} : { hint }) })
  }
}

const same = (a: Record<string, string>, b: Record<string, string>) =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value)
