import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { withLock } from '../system/lock.ts'
import { hostRoot } from '../system/map-identity.ts'
import { temporaryDir, volumesDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import { chown, mkdir, readdir, readFile, rename, stat, writeFile } from '../system/small-files.ts'
import { removeTree } from './remove.ts'

/** `volumes/<name>/volume.json`. Its files are in `_data` beside it. */
export interface Volume {
  name: string
  /** Made for one container, or by `volume create` without a name: what a prune takes first. */
  anonymous: boolean
  labels: Record<string, string>
  /** RFC 3339 */
  created: string
  /** type, device and o of the driver `local`, as they were given. */
  options: Record<string, string>
}

export type NewVolume = Pick<Volume, 'name'> & Partial<Pick<Volume, 'anonymous' | 'labels' | 'options'>>

const LEAVING = '.gone-'

export const volumeDir = (context: Context, name: string) => `${volumesDir(context.paths)}/${name}`

/** Where a named volume keeps its files. */
export const volumeData = (context: Context, name: string) => `${volumeDir(context, name)}/_data`

export const anonymousVolumeName = () => randomHex(32)

/**
 * Serialises the making and the removing of volumes. Who makes a container writes its record, which names the volumes, before he takes this
 * lock and makes them; who removes a volume looks for such records under it. So neither takes away what the other has just found. In the data root: the
 * volumes are there, whatever run folder a login has.
 */
export async function withVolumesLock<T>(context: Context, fn: () => Promise<T>): Promise<T> {
  await mkdir(volumesDir(context.paths), { recursive: true, mode: directoryMode() })
  return withLock(`${volumesDir(context.paths)}/.lock`, 'exclusive', fn)
}

/** Throws BAD_VOLUME_NAME. */
export function requireVolumeName(name: string): void {
  if (/^[a-zA-Z0-9]$/.test(name)) {
    throw new LichenError(`create ${name}: volume name is too short, names should be at least two alphanumeric characters`, { code: 'BAD_VOLUME_NAME' })
  }
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return
  throw new LichenError(
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ` +
      'If you intended to pass a host directory, use absolute path',
    { code: 'BAD_VOLUME_NAME' },
  )
}

/** Makes the volume unless it is there; true: it is new. The folder is filled aside and renamed. The caller holds the lock. */
export async function ensureVolume(input: { context: Context; identity: Identity; volume: NewVolume }): Promise<boolean> {
  const { context, identity, volume } = input
  const { name, anonymous = false, labels = {}, options = {} } = volume
  requireVolumeName(name)
  if (await hasVolume(context, name)) return false
  const draft = `${temporaryDir(context.paths)}/volume-${randomHex(8)}`
  await mkdir(`${draft}/_data`, { recursive: true, mode: 0o755 })
  if (process.geteuid?.() === 0) await giveToMappedRoot(`${draft}/_data`, identity)
  const record: Volume = { name, anonymous, labels, created: new Date().toISOString(), options }
  await writeFile(`${draft}/volume.json`, JSON.stringify(record), { mode: 0o600 })
  await rename(draft, volumeDir(context, name))
  return true
}

/** Whether there is such a volume. */
export const hasVolume = (context: Context, name: string): Promise<boolean> =>
  stat(volumeDir(context, name)).then(
    () => true,
    () => false,
  )

/** Undefined where there is none. One whose record is gone or broken is a plain one: its files are what counts. */
export async function readVolume(context: Context, name: string): Promise<Volume | undefined> {
  const plain = { name, anonymous: false, labels: {}, options: {} }
  try {
    return { ...plain, created: '', ...(JSON.parse(await readFile(`${volumeDir(context, name)}/volume.json`, 'utf8')) as Partial<Volume>) }
  } catch {
    const status = await stat(volumeDir(context, name)).catch(() => undefined)
    return status === undefined ? undefined : { ...plain, created: status.mtime.toISOString() }
  }
}

/** Takes a volume out of sight in one step; gives where its files are now. The caller holds the lock, and has seen that nobody uses it. */
export async function discardVolume(context: Context, name: string): Promise<string> {
  const grave = `${volumesDir(context.paths)}/${LEAVING}${randomHex(8)}`
  await rename(volumeDir(context, name), grave)
  return grave
}

/** Goes on with removals that were cut short. */
export async function finishVolumeRemovals(context: Context, identity: Identity): Promise<void> {
  for (const path of await volumeGraves(context)) await removeTree({ context, identity, path })
}

/** Volumes whose removal is under way, or was cut short. */
export async function volumeGraves(context: Context): Promise<string[]> {
  const folder = volumesDir(context.paths)
  return (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(LEAVING)).map((name) => `${folder}/${name}`)
}

const directoryMode = () => (process.geteuid?.() === 0 ? 0o711 : 0o700)

async function giveToMappedRoot(path: string, identity: Identity): Promise<void> {
  await chown(path, hostRoot(identity.uidMappings), hostRoot(identity.gidMappings))
}
