import { fsync, read, write } from 'node:fs'

/*
 * What may wait goes to the thread pool; opening, closing and small files do not: a trip to the pool costs ten times what the call
 * costs, and the first one starts the pool (docs/adr/0011). By hand, because node:util brings 3 ms of other modules into Bun.
 */

/** Bytes read, 0 at the end. */
export const readSome = (fd: number, buffer: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => read(fd, buffer, 0, buffer.length, null, (error, bytes) => (error === null ? resolve(bytes) : reject(error))))

/** Bytes written: maybe not all. */
export const writeSome = (fd: number, bytes: Uint8Array, offset = 0): Promise<number> =>
  new Promise((resolve, reject) =>
    write(fd, bytes, offset, bytes.length - offset, null, (error, written) => (error === null ? resolve(written) : reject(error))),
  )

/** Everything written to it is on the disk. */
export const sync = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => fsync(fd, (error) => (error === null || error === undefined ? resolve() : reject(error))))
