import { addon } from './addon.ts'
import { closeSync, constants, fstatSync, openSync, unlinkSync } from './fs.ts'

/**
 * Runs `fn` while this process holds a flock on `path`, which is made when missing and never removed (a lock on
 * a file that somebody unlinks is a lock on nothing). Waits as long as it takes, or until `signal` is aborted: then its reason
 * is thrown. Not reentrant: a second withLock on the same path inside `fn` waits for ever.
 */
export async function withLock<T>(path: string, mode: 'exclusive' | 'shared', fn: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const fd = openSync(path, 'a+', 0o600)
  try {
    await acquire(fd, mode, signal)
    return await fn()
  } finally {
    closeSync(fd)
  }
}

/** Milliseconds. */
const LOOK_AGAIN = 50

async function acquire(fd: number, mode: 'exclusive' | 'shared', signal: AbortSignal | undefined): Promise<void> {
  if (addon.flock({ fd, mode })) return
  if (signal === undefined) return void (await addon.flock({ fd, mode, wait: true }))
  // A thread that waits in flock(2) can't be called back, and the process would not end before it.
  do {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN))
  } while (!addon.flock({ fd, mode }))
}

/** As withLock, exclusively, with a file that is gone afterwards: for locks of which there would be ever more. */
export async function withPassingLock<T>(path: string, fn: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const fd = openSync(path, 'a+', 0o600)
    try {
      await acquire(fd, 'exclusive', signal)
      // Whoever had it before has unlinked it by now: then this is a lock on nothing.
      if (fstatSync(fd).nlink === 0) continue
      try {
        return await fn()
      } finally {
        unlinkSync(path)
      }
    } finally {
      closeSync(fd)
    }
  }
}

/** As withLock, without waiting: undefined, and `fn` not called, where somebody else holds it. */
export async function withFreeLock<T>(path: string, mode: 'exclusive' | 'shared', fn: () => Promise<T>): Promise<T | undefined> {
  const fd = openSync(path, 'a+', 0o600)
  try {
    return addon.flock({ fd, mode }) ? await fn() : undefined
  } finally {
    closeSync(fd)
  }
}

/** Whether somebody holds the lock exclusively. Makes no file. */
export function isLocked(path: string): boolean {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return false
  }
  try {
    return !addon.flock({ fd, mode: 'shared' })
  } finally {
    closeSync(fd)
  }
}

/**
 * Takes an exclusive lock on a folder itself, which goes with it when it is removed; the result lets go of it. Undefined where
 * somebody else has it, or where there is no such folder.
 */
export async function tryLockFolder(path: string): Promise<(() => Promise<void>) | undefined> {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  if (addon.flock({ fd, mode: 'exclusive' })) return async () => closeSync(fd)
  closeSync(fd)
  return undefined
}
