import type { Context } from '../system/context.ts'
import { volumesDir } from '../system/paths.ts'
import { readdir } from '../system/small-files.ts'
import { readVolume, type Volume } from './volumes.ts'

/** Names of all volumes, in order. Names with a dot in front are on their way out. */
export async function listVolumes(context: Context): Promise<string[]> {
  try {
    const entries = await readdir(volumesDir(context.paths), { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** All volumes with what is known of them, in order of their names. */
export async function readVolumes(context: Context): Promise<Volume[]> {
  const volumes = await Promise.all((await listVolumes(context)).map((name) => readVolume(context, name)))
  return volumes.filter((volume) => volume !== undefined)
}
