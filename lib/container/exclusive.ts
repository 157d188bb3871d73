import { mkdir } from 'node:fs/promises'
import { withLock } from '../system/lock.ts'
import { observe } from './state.ts'
import type { ContainerView } from './view.ts'

/**
 * Runs `change` while no other command changes this container's state, with a view that is true under the
 * lock. Starting and removing go through here, so neither meets the other half-way.
 */
export async function exclusively<T>(view: ContainerView, change: (now: ContainerView) => Promise<T>): Promise<T> {
  await mkdir(view.paths.runDir, { recursive: true, mode: 0o700 })
  return withLock(view.paths.mutex, 'exclusive', async () => change(await observe(view.record, view.paths)))
}
