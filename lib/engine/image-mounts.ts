import type { VolumeMount } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import { type ImageWish, resolveImage } from '../image/resolve.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { SourceMount } from '../plan/spec-input.ts'
import { copyFiles } from '../runtime/view.ts'
import { layerFolders } from '../storage/layers.ts'
import { makeForMappedRoot } from '../storage/owned-folders.ts'
import { removeTree } from '../storage/remove.ts'
import { checkTranslation, mergeLayers } from '../storage/rootfs.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { existsSync } from '../system/fs.ts'
import { mkdir, stat, writeFile } from '../system/small-files.ts'
import { type ContainerIdentity, containerIdentity } from './identity.ts'

export type MountedImage = NonNullable<VolumeMount['image']>

/** The images that `--mount type=image` names, by their names there; fetched as the container's own. The caller holds off the collector. */
export async function mountedImages(
  context: Context,
  { volumes, pull, platform }: CreateOptions,
  { store }: ContainerIdentity,
  progress: ImageWish['progress'],
): Promise<Map<string, MountedImage>> {
  const images = new Map<string, MountedImage>()
  for (const { type, source } of volumes) {
    if (type !== 'image' || images.has(source)) continue
    const { id, layers } = await resolveImage({
      context,
      identity: store,
      reference: source,
      pull,
      ...(platform === undefined ? {} : { platform }),
      progress,
    })
    if (layers.length === 0) throw new LichenError(`image ${source} has no layers: there is nothing to mount`, { code: 'NOTHING_TO_MOUNT' })
    images.set(source, { id, layers })
  }
  return images
}

/**
 * What a start mounts for the image. The kernel shows its layers as one tree where it mounts the container's root file system, too; elsewhere they
 * are copied into the container's folder at the first start. `at`: which of the container's mounts it is.
 */
export async function imageSource(context: Context, { record, paths }: Pick<ContainerView, 'record' | 'paths'>, at: number): Promise<SourceMount> {
  const mount = record.mounts[at]!
  const identity = await containerIdentity(context, record.options)
  if (identity.needsSquash) checkTranslation(record.storageDriver, identity.store, identity.container)
  const layers = await layerFolders(context, mount.image!.layers)
  const folder = `${paths.dir}/images/${at}`
  await mkdir(folder, { recursive: true, mode: 0o711 })
  if (record.storageDriver !== 'overlay' || identity.needsSquash) return { ...mount, source: await copied(context, identity, folder, layers) }
  await makeForMappedRoot(identity.store, [`${folder}/point`], 0o755)
  if (!mount.readOnly) {
    // The top of the mount is that of `upper`.
    await makeForMappedRoot(identity.store, [`${folder}/upper`], (await stat(layers[0]!)).mode & 0o7777)
    await makeForMappedRoot(identity.store, [`${folder}/work`], 0o755)
  }
  return { ...mount, source: folder, layers }
}

/** Once in a container's life: without the mark, it was cut short. */
async function copied(context: Context, { container, store, needsSquash }: ContainerIdentity, folder: string, layers: string[]): Promise<string> {
  const [merged, translated, mark] = [`${folder}/merged`, `${folder}/translated`, `${folder}/complete`]
  const result = needsSquash ? translated : merged
  if (existsSync(mark)) return result
  await mergeLayers({ context, identity: store, target: merged, layers })
  if (needsSquash) {
    await removeTree({ context, identity: store, path: translated })
    await makeForMappedRoot(container, [translated], 0o755)
    // Out under the ids of the store, in under those of the container.
    await copyFiles(
      { context, identity: store, view: { kind: 'directory', path: merged }, path: '/', name: '', follow: false },
      { context, identity: container, view: { kind: 'directory', path: translated }, directory: '/', owners: true, confined: true, top: true },
    )
    await removeTree({ context, identity: store, path: merged })
  }
  await writeFile(mark, '', { mode: 0o600 })
  return result
}
