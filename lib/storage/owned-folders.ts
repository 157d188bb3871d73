import type { Identity, IdMapping } from '../plan/plan.ts'
import { chmod, chown, mkdir } from '../system/small-files.ts'

/** The host's id for the map's root. */
const hostRoot = (mappings: IdMapping[]): number => mappings.find(({ container }) => container === 0)?.host ?? 0

/** Makes the folders, where they are missing, so that they belong to root of the map: a user is that root, host root gives them away. */
export async function makeForMappedRoot(identity: Identity, paths: string[], mode: number): Promise<void> {
  for (const path of paths) {
    try {
      await mkdir(path, { mode })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    // What the umask took.
    await chmod(path, mode)
    if (process.geteuid?.() === 0) await chown(path, hostRoot(identity.uidMappings), hostRoot(identity.gidMappings))
  }
}
