import type { Identity } from '../plan/plan.ts'
import { hostRoot } from '../system/map-identity.ts'
import { chmod, chown, mkdir } from '../system/small-files.ts'

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
