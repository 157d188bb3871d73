import { dirname } from '../system/path.ts'
import { mkdir, stat } from '../system/small-files.ts'
import { watchPath } from '../system/watch.ts'
import { monitorAlive, observe } from './state.ts'
import type { ContainerView } from './view.ts'
import { waitForExit } from './wait.ts'

/** A container at one moment of a wait. */
export interface Sight {
  now: ContainerView
  /** A monitor holds its lock, be it that it only starts. */
  monitored: boolean
  removed: boolean
}

/** Looks at a container whenever its files change, its monitor ends or it is frozen, until `holds`. Throws TOO_MANY_WATCHES. */
export async function until(view: ContainerView, holds: (sight: Sight) => boolean): Promise<ContainerView> {
  const { paths } = view
  await mkdir(paths.runDir, { recursive: true, mode: 0o700 })
  let dirty = false
  let wake = () => {}
  const touch = () => {
    dirty = true
    wake()
  }
  const watchers = [watchPath(paths.runDir, touch), watchPath(dirname(paths.dir), touch)]
  let waiting = false
  let cgroup = ''
  try {
    for (;;) {
      const sight = await look(view)
      if (holds(sight)) return sight.now
      if (sight.monitored && !waiting) {
        waiting = true
        void waitForExit(view, undefined).finally(() => {
          waiting = false
          touch()
        })
      }
      const frozen = sight.now.live?.cgroup ?? ''
      if (frozen !== '' && frozen !== cgroup) {
        cgroup = frozen
        watchers.push(watchPath(`${frozen}/cgroup.events`, touch))
        continue
      }
      if (!dirty) await new Promise<void>((resolve) => (wake = resolve))
      dirty = false
    }
  } finally {
    for (const watcher of watchers) watcher?.close()
  }
}

async function look({ record, paths }: ContainerView): Promise<Sight> {
  const [now, monitored, removed] = await Promise.all([
    observe(record, paths),
    monitorAlive(paths),
    stat(paths.record).then(
      () => false,
      () => true,
    ),
  ])
  return { now, monitored, removed }
}
