import { addon } from './addon.ts'
import { builtin } from './builtin.ts'

/*
 * What may wait has a thread; opening, closing and small files do without: a trip to the platform's thread pool costs ten times what
 * the call costs, and the first one starts the pool (docs/adr/0011).
 */

/** Bytes read, 0 at the end. */
export async function readSome(fd: number, buffer: Uint8Array): Promise<number> {
  const bytes = await addon.readFd({ fd, size: buffer.length })
  if (bytes !== null) buffer.set(bytes)
  return bytes?.length ?? 0
}

/** Everything written to it is on the disk. */
export const sync = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => builtin.fs.fsync(fd, (error) => (error === null || error === undefined ? resolve() : reject(error))))
