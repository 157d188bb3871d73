import type { FSWatcher } from 'node:fs'
import { builtin } from './builtin.ts'
import { LichenError } from './errors.ts'

/**
 * Calls `changed` when something happens to a file or in a folder, by inotify. Undefined where there is nothing to watch any
 * more: whoever waits sees that by looking. Throws TOO_MANY_WATCHES.
 */
export function watchPath(path: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = builtin.fs.watch(path, changed)
    watcher.on('error', changed)
    return watcher
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code !== 'ENOSPC' && code !== 'EMFILE') throw cause
    throw new LichenError(`${path} can't be watched: the limit of inotify is reached`, {
      code: 'TOO_MANY_WATCHES',
      hint: 'an administrator runs: sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536',
      cause,
    })
  }
}
