import { findContainer } from '../container/find.ts'
import type { VolumeMount } from '../container/record.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

/**
 * The mounts of the containers that `--volumes-from` names, read-only where they are or it was said; of two with one target the later counts.
 * Nothing of the image is copied into them again. Throws CONTAINER_NOT_FOUND.
 */
export async function volumesFrom(context: Context, wanted: CreateOptions['volumesFrom']): Promise<VolumeMount[]> {
  const mounts = new Map<string, VolumeMount>()
  for (const { container, readOnly } of wanted) {
    const { record } = await findContainer(context, container).catch((error: unknown) => {
      if (!(error instanceof LichenError)) throw error
      throw new LichenError(error.message, { code: error.code, cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) })
    })
    for (const mount of record.mounts) {
      const options = [...mount.options.filter((option) => option !== 'U'), ...(mount.type === 'volume' ? ['nocopy'] : [])]
      mounts.set(mount.target, { ...mount, readOnly: mount.readOnly || readOnly, options })
    }
  }
  return [...mounts.values()]
}
