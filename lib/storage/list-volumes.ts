import { readdir } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { volumesDir } from '../system/paths.ts'

/** Names of all volumes, in order. */
export async function listVolumes(context: Context): Promise<string[]> {
  try {
    const entries = await readdir(volumesDir(context.paths), { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
