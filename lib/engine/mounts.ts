import type { VolumeMount } from '../container/record.ts'
import type { ImageConfig } from '../image/manifest.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { Identity } from '../plan/plan.ts'
import { anonymousVolumeName, ensureVolume } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

/**
 * Finds or makes what a container mounts from outside. `--volume` and `--mount` come first; a VOLUME of the image
 * that none of them covers gets an anonymous volume, as does a volume option without a name.
 */
export async function resolveMounts(input: {
  context: Context
  identity: Identity
  options: CreateOptions
  image: ImageConfig
}): Promise<VolumeMount[]> {
  const { context, identity, options, image } = input
  const mounts: VolumeMount[] = []
  for (const option of options.volumes) {
    if (option.type === 'tmpfs') continue // the plan makes those of the options
    if (option.type === 'image') {
      throw new LichenError('--mount type=image is not supported', { code: 'UNSUPPORTED_MOUNT', hint: 'use COPY --from in a build, or a volume' })
    }
    const { target, readOnly } = option
    if (option.type === 'bind') {
      mounts.push({ type: 'bind', name: '', anonymous: false, source: option.source, target, readOnly, options: option.options })
      continue
    }
    const anonymous = option.source === ''
    const name = anonymous ? anonymousVolumeName() : option.source
    const source = await ensureVolume({ context, identity, name, anonymous })
    mounts.push({ type: 'volume', name, anonymous, source, target, readOnly, options: option.options })
  }
  const covered = new Set([...mounts.map(({ target }) => target), ...Object.keys(options.tmpfs), ...options.volumes.map(({ target }) => target)])
  for (const target of Object.keys(image.Volumes ?? {})) {
    if (covered.has(target)) continue
    const name = anonymousVolumeName()
    const source = await ensureVolume({ context, identity, name, anonymous: true })
    mounts.push({ type: 'volume', name, anonymous: true, source, target, readOnly: false, options: [] })
  }
  return mounts
}
