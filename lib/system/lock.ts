import { close, open } from 'node:fs'
import { promisify } from 'node:util'
import { addon } from './addon.ts'

const openFile = promisify(open)
const closeFile = promisify(close)

/**
 * Runs `fn` while this process holds a flock on `path`, which is made when missing and never removed (a lock on
 * a file that somebody unlinks is a lock on nothing). Waits as long as it takes. Not reentrant: a second withLock on
 * the same path inside `fn` waits for ever.
 */
export async function withLock<T>(path: string, mode: 'exclusive' | 'shared', fn: () => Promise<T>): Promise<T> {
  const fd = await openFile(path, 'a+', 0o600)
  try {
    if (!addon.flock({ fd, mode })) await addon.flock({ fd, mode, wait: true })
    return await fn()
  } finally {
    await closeFile(fd)
  }
}

/** As withLock, without waiting: undefined, and `fn` not called, where somebody else holds it. */
export async function withFreeLock<T>(path: string, mode: 'exclusive' | 'shared', fn: () => Promise<T>): Promise<T | undefined> {
  const fd = await openFile(path, 'a+', 0o600)
  try {
    return addon.flock({ fd, mode }) ? await fn() : undefined
  } finally {
    await closeFile(fd)
  }
}
