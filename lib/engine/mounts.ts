import type { VolumeMount } from '../container/record.ts'
import { neverStarted } from '../container/state.ts'
import type { ContainerView } from '../container/view.ts'
import type { ImageConfig } from '../image/manifest.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { Identity } from '../plan/plan.ts'
import type { SourceMount } from '../plan/spec-input.ts'
import { volumeSource } from '../plan/volume-options.ts'
import { anonymousVolumeName, ensureVolume, readVolume, volumeData, withVolumesLock } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { access, mkdir } from '../system/small-files.ts'
import { checkVolumeOptions } from './create-volume.ts'
import type { MountedImage } from './image-mounts.ts'

/**
 * What a container mounts from outside. `--volume` and `--mount` come first, then what other containers have (`inherited`); a VOLUME
 * of the image that none of them covers gets an anonymous volume, as does a volume option without a name. Nothing is made yet.
 */
export function decideMounts(
  context: Context,
  options: CreateOptions,
  image: ImageConfig,
  { inherited, images }: { inherited: readonly VolumeMount[]; images: ReadonlyMap<string, MountedImage> },
): VolumeMount[] {
  const volume = (name: string, rest: Pick<VolumeMount, 'target' | 'readOnly' | 'options'>): VolumeMount => {
    const known = name === '' ? anonymousVolumeName() : name
    return { type: 'volume', name: known, anonymous: name === '', source: volumeData(context, known), ...rest }
  }
  const mounts: VolumeMount[] = []
  for (const option of options.volumes) {
    if (option.type === 'tmpfs') continue // the plan makes those of the options
    const { target, readOnly } = option
    if (option.type === 'image') {
      mounts.push({
        type: 'image',
        name: '',
        anonymous: false,
        source: option.source,
        target,
        readOnly,
        options: option.options,
        image: images.get(option.source)!,
      })
    } else if (option.type === 'bind') {
      const { source, options: more, createSource = false } = option
      mounts.push({ type: 'bind', name: '', anonymous: false, source, target, readOnly, options: more, createSource })
    } else {
      if (option.volume !== undefined) checkVolumeOptions(option.source, option.volume.options)
      mounts.push({
        ...volume(option.source, { target, readOnly, options: option.options }),
        ...(option.volume === undefined ? {} : { volume: option.volume }),
      })
    }
  }
  const asked = new Set([...options.volumes.map(({ target }) => target), ...Object.keys(options.tmpfs)])
  mounts.push(...inherited.filter(({ target }) => !asked.has(target)))
  const covered = new Set([...asked, ...mounts.map(({ target }) => target)])
  for (const target of Object.keys(image.Volumes ?? {})) {
    if (!covered.has(target)) mounts.push(volume('', { target, readOnly: false, options: [] }))
  }
  return mounts
}

/** As Docker: a folder of the host that `-v` names is made, any other source is to be there. Throws NO_SUCH_SOURCE. */
export async function requireSources(mounts: readonly VolumeMount[]): Promise<void> {
  for (const { type, source, createSource = false } of mounts) {
    if (type !== 'bind') continue
    const failure = await access(source).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    )
    // What can't be looked at may yet be there for the start to find.
    if (failure !== 'ENOENT' && failure !== 'ENOTDIR') continue
    if (!createSource) throw noSuchSource(`invalid mount config for type "bind": bind source path does not exist: ${source}`)
    await mkdir(source, { recursive: true, mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
      const why = { EACCES: 'permission denied', EROFS: 'read-only file system', ENOTDIR: 'not a directory', ENOSPC: 'no space left on device' }[
        error.code ?? ''
      ]
      throw noSuchSource(`error while creating mount source path '${source}': mkdir ${error.path ?? source}: ${why ?? error.code}`)
    })
  }
}

const noSuchSource = (message: string) => new LichenError(message, { code: 'NO_SUCH_SOURCE' })

/** Makes the volumes that are not there yet. The record that names them is written: see withVolumesLock. */
export async function makeVolumes(context: Context, identity: Identity, mounts: readonly VolumeMount[]): Promise<void> {
  const volumes = mounts.filter(({ type }) => type === 'volume')
  if (volumes.length === 0) return
  await withVolumesLock(context, async () => {
    for (const { name, anonymous, volume } of volumes) await ensureVolume({ context, identity, volume: { name, anonymous, ...volume } })
  })
}

/** The mounts as this start has them: a volume may be a folder of the host, or a tmpfs, by the options that it was made with. */
export async function mountSources(context: Context, view: Pick<ContainerView, 'record' | 'paths' | 'exit'>): Promise<SourceMount[]> {
  const { record, exit } = view
  const sources = await Promise.all(
    record.mounts.map(async (mount, at): Promise<SourceMount> => {
      if (mount.type === 'image') return (await import('./image-mounts.ts')).imageSource(context, view, at)
      const volume = mount.type === 'volume' ? await readVolume(context, mount.name) : undefined
      const plain = { ...mount, type: mount.type }
      if (volume === undefined || Object.keys(volume.options).length === 0) return plain
      const source = volumeSource(volume.options)
      switch (source.kind) {
        case 'folder':
          return plain
        case 'bind':
          return { ...mount, source: source.device, readOnly: mount.readOnly || source.readOnly, options: [...source.options, ...mount.options] }
        case 'tmpfs':
          return { ...mount, type: 'tmpfs', options: [...source.options, ...mount.options.filter((option) => /^(no)?(exec|suid|dev|copy)$/.test(option))] }
      }
    }),
  )
  if (exit === undefined || neverStarted(exit)) return sources
  // What a volume takes over from the image it has taken at the first start.
  return sources.map((source) => ({ ...source, options: [...source.options, 'nocopy'] }))
}
