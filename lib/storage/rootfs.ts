import type { Identity, RootfsPlan } from '../plan/plan.ts'
import { unshare } from '../runtime/unshare.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { ContainerPaths } from '../system/paths.ts'
import { access, stat, writeFile } from '../system/small-files.ts'
import { requireProgram } from '../system/spawn.ts'
import type { StorageDriver } from './choose.ts'
import { fuseState } from './fuse.ts'
import { layerFolders } from './layers.ts'
import { makeForMappedRoot } from './owned-folders.ts'
import { removeTree } from './remove.ts'
import { compose, translationOptions } from './translate.ts'

export interface PrepareInput {
  context: Context
  driver: StorageDriver
  container: ContainerPaths
  /** diffIDs, bottom first. */
  layers: string[]
  /** The container's map. */
  identity: Identity
  /** The map under which the layers lie on disk; the container's where it is not given. */
  storeIdentity?: Identity
  /** Whoever writes to a full disk is to hear of it: the kernel, which writes for fuse-overlayfs later, finds nobody to tell. It takes longer. */
  writeThrough?: boolean
}

/**
 * Makes what a start needs on disk, and says how the root file system is mounted. What the container has written before stays.
 * Throws LAYER_MISSING, NO_HELPER, DRIVER_UNUSABLE, USERNS_UNSUPPORTED, with vfs DISK_FULL.
 */
export async function prepareRootfs(input: PrepareInput): Promise<RootfsPlan> {
  const { context, container, driver } = input
  const store = input.storeIdentity ?? input.identity
  const maps = ({ uidMappings, gidMappings }: Identity) => JSON.stringify([uidMappings, gidMappings])
  const translated = maps(store) !== maps(input.identity)
  if (translated) checkTranslation(driver, store, input.identity)
  const folders = await layerFolders(context, input.layers)
  if (driver === 'vfs') return copyLayers(context, store, container, folders)
  const { upper, work, merged } = container
  const lower = folders.length > 0 ? folders : [await emptyLayer(store, container)]
  // The root folder of the container is that of `upper`.
  await makeForMappedRoot(store, [upper], (await stat(lower[0]!)).mode & 0o7777)
  await makeForMappedRoot(store, [work, merged], 0o755)
  const parts = { merged, upper, work, lower }
  if (driver === 'overlay') return { kind: 'overlay', ...parts, options: '' }
  const options = [...(translated ? [translationOptions(store, input.identity)] : []), ...(input.writeThrough ? ['writeback=0'] : [])]
  return { kind: 'fuse-overlayfs', ...parts, options: options.join(','), program: await fuseProgram() }
}

/** Throws USERNS_UNSUPPORTED. */
export function checkTranslation(driver: StorageDriver, store: Identity, container: Identity): void {
  const rootless = [container.uidMappings, container.gidMappings].some((mappings) => mappings.every((range) => range.container !== 0))
  if (
    rootless ||
    [compose(store.uidMappings, container.uidMappings), compose(store.gidMappings, container.gidMappings)].some(([first]) => first?.shown !== 0)
  ) {
    throw new LichenError(
      "with these ids the files of the image's root would be nobody's: they are yours on the disk, and the container has to have both your id and a root",
      {
        code: 'USERNS_UNSUPPORTED',
        hint: '--userns keep-id has your id in the container, and yet not as root; with --uidmap and --gidmap, yours is 0 of the intermediate ids',
      },
    )
  }
  if (driver === 'fuse-overlayfs') return
  throw new LichenError(`storage driver ${driver} can't show files with other owners than they have, as --userns and --uidmap need it`, {
    code: 'USERNS_UNSUPPORTED',
    hint: 'make the container anew: fuse-overlayfs is chosen then',
  })
}

/** An image without layers, FROM scratch. */
async function emptyLayer(store: Identity, container: ContainerPaths): Promise<string> {
  const path = `${container.dir}/empty`
  await makeForMappedRoot(store, [path], 0o755)
  return path
}

async function fuseProgram(): Promise<string> {
  const program = await requireProgram('fuse-overlayfs')
  const fuse = await fuseState()
  if (fuse === 'usable') return program
  throw new LichenError(
    fuse === 'missing' ? 'there is no /dev/fuse, and the container uses fuse-overlayfs' : 'you may not open /dev/fuse, and the container uses fuse-overlayfs',
    {
      code: 'DRIVER_UNUSABLE',
      hint: `an administrator runs: ${fuse === 'missing' ? 'modprobe fuse' : 'chmod 666 /dev/fuse'}`,
    },
  )
}

/** vfs: once in a container's life. Without the mark behind it, a copy was cut short, and is made anew. */
async function copyLayers(context: Context, store: Identity, container: ContainerPaths, folders: string[]): Promise<RootfsPlan> {
  const { merged } = container
  const mark = `${container.dir}/merged-complete`
  const complete = await access(mark).then(
    () => true,
    () => false,
  )
  if (!complete) {
    await mergeLayers({ context, identity: store, target: merged, layers: folders })
    await writeFile(mark, '', { mode: 0o600 })
  }
  return { kind: 'directory', merged }
}

/** Copies layers, topmost first, into one tree; what is there of an earlier one goes. */
export async function mergeLayers({
  context,
  identity,
  target,
  layers,
}: {
  context: Context
  identity: Identity
  target: string
  layers: string[]
}): Promise<void> {
  await removeTree({ context, identity, path: target })
  await makeForMappedRoot(identity, [target], 0o755)
  await unshare({ context, identity, operation: { kind: 'merge', target, layers: layers.toReversed() } })
}
