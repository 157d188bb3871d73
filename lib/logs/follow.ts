import { dirname } from 'node:path'
import { watchPath } from '../system/watch.ts'
import type { FollowedLog } from './read.ts'

/**
 * Wakes a reader when something happens in the log's folder, and for the last time when `end` has come: the container's, or that
 * of --until.
 */
export function followLog(path: string, end: Promise<unknown>): FollowedLog & { close(): void } {
  let ended = false
  let dirty = false
  let wake = () => {}
  const touch = () => {
    dirty = true
    wake()
  }
  const finish = () => {
    ended = true
    touch()
  }
  const watcher = watchPath(dirname(path), touch)
  end.then(finish, finish)
  return {
    async changed() {
      if (!dirty) await new Promise<void>((resolve) => (wake = resolve))
      dirty = false
    },
    ended: () => ended,
    close: () => watcher?.close(),
  }
}
