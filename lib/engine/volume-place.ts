import { volumeSource } from '../plan/volume-options.ts'
import { type Volume, volumeData } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'

/** Where the files of a volume are on the host; "" for a tmpfs, which is nowhere while no container runs. */
export function volumePlace(context: Context, volume: Volume): string {
  const source = volumeSource(volume.options)
  return source.kind === 'bind' ? source.device : source.kind === 'tmpfs' ? '' : volumeData(context, volume.name)
}
