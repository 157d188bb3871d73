import type { VolumeMount } from '../container/record.ts'
import type { ImageConfig } from '../image/manifest.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { Identity } from '../plan/plan.ts'
import { anonymousVolumeName, ensureVolume, volumeData } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

/**
 * What a container mounts from outside. `--volume` and `--mount` come first; a VOLUME of the image that none of
 * them covers gets an anonymous volume, as does a volume option without a name. Nothing is made yet.
 */
export function decideMounts(context: Context, options: CreateOptions, image: ImageConfig): VolumeMount[] {
  const volume = (name: string, rest: Pick<VolumeMount, 'target' | 'readOnly' | 'options'>): VolumeMount => {
    const known = name === '' ? anonymousVolumeName() : name
    return { type: 'volume', name: known, anonymous: name === '', source: volumeData(context, known), ...rest }
  }
  const mounts: VolumeMount[] = []
  for (const option of options.volumes) {
    if (option.type === 'tmpfs') continue // the plan makes those of the options
    if (option.type === 'image') {
      throw new LichenError('--mount type=image is not supported', { code: 'UNSUPPORTED_MOUNT', hint: 'use COPY --from in a build, or a volume' })
    }
    const { target, readOnly } = option
    if (option.type === 'bind') {
      const { source, options: more, createSource = false } = option
      mounts.push({ type: 'bind', name: '', anonymous: false, source, target, readOnly, options: more, createSource })
    } else mounts.push(volume(option.source, { target, readOnly, options: option.options }))
  }
  const covered = new Set([...mounts.map(({ target }) => target), ...Object.keys(options.tmpfs), ...options.volumes.map(({ target }) => target)])
  for (const target of Object.keys(image.Volumes ?? {})) {
    if (!covered.has(target)) mounts.push(volume('', { target, readOnly: false, options: [] }))
  }
  return mounts
}

/** Makes the volumes that are not there yet. */
export async function makeVolumes(context: Context, identity: Identity, mounts: readonly VolumeMount[]): Promise<void> {
  for (const { type, name, anonymous } of mounts) {
    if (type === 'volume') await ensureVolume({ context, identity, name, anonymous })
  }
}
