import { freeze, thaw } from '../cgroup/control.ts'
import { cgroupFacts } from '../cgroup/detect.ts'
import { exclusively } from '../container/exclusive.ts'
import type { LiveRecord } from '../container/record.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import { LichenError } from '../system/errors.ts'
import { recordContainerEvent } from './record-event.ts'

/** Stops all processes of a container where they are. Throws NOT_RUNNING, ALREADY_PAUSED, NO_CGROUP, FREEZE_FAILED. */
export async function pauseContainer(view: ContainerView): Promise<void> {
  await exclusively(view, async (now) => {
    const live = runningOne(now)
    if (now.status === 'paused') throw conflict(`Container ${now.record.id} is already paused`, 'ALREADY_PAUSED')
    if (live.cgroup === '') throw await noCgroup()
    if (!(await freeze(live.cgroup))) throw notRunning(now)
    await recordContainerEvent(now, 'pause')
  })
}

/** Lets them go on. Throws NOT_PAUSED. */
export async function unpauseContainer(view: ContainerView): Promise<void> {
  await exclusively(view, async (now) => {
    if (now.status !== 'paused' || now.live === undefined) throw conflict(`Container ${now.record.id} is not paused`, 'NOT_PAUSED')
    await thaw(now.live.cgroup)
    await recordContainerEvent(now, 'unpause')
  })
}

function runningOne(view: ContainerView): LiveRecord {
  if (!isRunning(view) || view.live === undefined) throw notRunning(view)
  return view.live
}

const notRunning = ({ record }: ContainerView) => conflict(`container ${record.id} is not running`, 'NOT_RUNNING')
const conflict = (message: string, code: string) => new LichenError(message, { code, exitCode: 1 })

/** What stops all processes at once is the freezer of cgroup version 2; a signal to each would miss those that are just being made. */
async function noCgroup(): Promise<LichenError> {
  const { layout } = await cgroupFacts()
  const lacks =
    layout === 'v1' || layout === 'none'
      ? 'cgroup version 2 is not mounted on this host; an administrator boots it with systemd.unified_cgroup_hierarchy=1'
      : 'start it where cgroup version 2 is delegated to you: in a login session of systemd (ssh, su -, machinectl shell), or with --cgroup-parent PATH'
  return new LichenError("the container has no cgroup of its own, so it can't be paused", { code: 'NO_CGROUP', exitCode: 1, hint: lacks })
}
