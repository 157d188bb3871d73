import { deviceFact } from '../system/host.ts'

/** Whether this user can have FUSE. */
export async function fuseState(): Promise<'missing' | 'closed' | 'usable'> {
  const { present, usable } = await deviceFact('/dev/fuse')
  return usable ? 'usable' : present ? 'closed' : 'missing'
}
