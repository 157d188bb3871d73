import { mkdir, readFile } from 'node:fs/promises'
import type { Image } from '../image/image.ts'
import type { Identity, RootfsPlan } from '../plan/plan.ts'
import { unshare } from '../runtime/unshare.ts'
import { chooseDriver } from '../storage/choose.ts'
import { layerFolders } from '../storage/layers.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { withLock } from '../system/lock.ts'
import { mountsDir } from '../system/paths.ts'
import { requireProgram } from '../system/spawn.ts'
import { insideUnshare } from '../system/unshared.ts'

/** The maps, and the right to mount, are those of the `lichen unshare` that we are in. */
const ofTheCaller: Identity = { uidMappings: [], gidMappings: [], newuidmap: undefined, newgidmap: undefined, denySetgroups: false }

/** Pid of the `lichen unshare` that this runs in. Throws NOT_UNSHARED. */
export async function requireUnshare(verb: string): Promise<number> {
  const inside = insideUnshare()
  if (inside !== undefined) return inside.owner
  throw new LichenError(`cannot run command "lichen ${verb}" in rootless mode, must execute \`lichen unshare\` first`, {
    code: 'NOT_UNSHARED',
    hint: `what is mounted is seen in there: lichen unshare sh -c 'ls "$(lichen image mount IMAGE)"'`,
  })
}

/** Mounts an image read-only, once; gives the place, which only this `lichen unshare` has. Throws DRIVER_UNUSABLE, LAYER_MISSING, ROOTFS_FAILED. */
export async function mountImage(context: Context, image: Image, owner: number): Promise<string> {
  const folder = mountsDir(context.paths)
  const merged = `${folder}/${image.id.slice('sha256:'.length)}`
  const identity = await hostIdentity(context)
  const { driver, reason } = await chooseDriver({ context, identity })
  if (driver === 'vfs') {
    throw new LichenError('with the storage driver vfs no image can be mounted: it has nothing to mount with', {
      code: 'DRIVER_UNUSABLE',
      hint: `${reason}\nlichen create and lichen cp or lichen export bring files out of an image`,
    })
  }
  const lower = await layerFolders(context, image.layers)
  if (lower.length === 0) throw new LichenError(`image ${image.id} has no layers: there is nothing to mount`, { code: 'NOTHING_TO_MOUNT' })
  const parts = { merged, upper: '', work: '', lower, options: '' }
  const rootfs: RootfsPlan =
    driver === 'overlay' ? { kind: 'overlay', ...parts } : { kind: 'fuse-overlayfs', ...parts, program: await requireProgram('fuse-overlayfs') }
  await withLock(`${folder}.lock`, 'exclusive', async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await unshare({ context, identity: ofTheCaller, operation: { kind: 'mount', folder, rootfs, owner } })
  })
  return merged
}

/** Ids of the images that are mounted here, with their places. */
export async function mountedImages(context: Context): Promise<{ id: string; path: string }[]> {
  const folder = `${mountsDir(context.paths)}/`
  const places = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => unescaped(line.split(' ')[4] ?? ''))
  const inside = places.filter((place) => place.startsWith(folder) && /^[0-9a-f]{64}$/.test(place.slice(folder.length)))
  return inside.map((path) => ({ id: `sha256:${path.slice(folder.length)}`, path }))
}

/** mountinfo writes blanks and their like as \ooo. */
const unescaped = (text: string) => text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Takes the mount of an image away; false where there is none. */
export async function unmountImage(context: Context, id: string): Promise<boolean> {
  const mounted = (await mountedImages(context)).find((mount) => mount.id === id)
  if (mounted === undefined) return false
  await withLock(`${mountsDir(context.paths)}.lock`, 'exclusive', () =>
    unshare({ context, identity: ofTheCaller, operation: { kind: 'unmount', paths: [mounted.path] } }),
  )
  return true
}
