import { readFile, rm, writeFile } from 'node:fs/promises'
import { planCgroup } from '../cgroup/place.ts'
import { exclusively } from '../container/exclusive.ts'
import type { ContainerRecord, ExitRecord } from '../container/record.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import { buildSpec } from '../plan/build-spec.ts'
import { compilePlan } from '../plan/compile.ts'
import type { RunPlan } from '../plan/plan.ts'
import { type Launched, launch } from '../runtime/launch.ts'
import { seccompProgram } from '../runtime/seccomp.ts'
import { prepareRootfs } from '../storage/rootfs.ts'
import type { Context } from '../system/context.ts'
import { hostFacts } from './host-facts.ts'
import { type ContainerIdentity, containerIdentity } from './identity.ts'
import { logPlan } from './log-plan.ts'
import { type ContainerNetwork, containerNetwork, writeNetworkFiles } from './network.ts'

export interface StartOptions {
  /** A client of the attach protocol waits at the other end. */
  attached: boolean
  /** Size of the user's terminal, where the container gets one. */
  terminal: { rows: number; columns: number } | undefined
}

/**
 * Starts a created or stopped container and returns when its program has been executed. Ranges, devices and
 * cgroups are looked at afresh each time; what was chosen for good is in the record.
 */
export async function startContainer(context: Context, view: ContainerView, options: StartOptions): Promise<Launched | undefined> {
  return exclusively(view, async (now) => {
    if (isRunning(now)) return undefined
    const { record } = now
    const identity = await containerIdentity(context, record.options)
    const [network, rootfs, cgroup, facts] = await Promise.all([
      containerNetwork(context, now),
      prepareRootfs({
        context,
        driver: record.storageDriver,
        container: now.paths,
        layers: record.image.layers,
        identity: identity.container,
        readOnly: record.options.readOnly,
      }),
      planCgroup({
        context,
        id: record.id,
        limits: record.options.limits,
        ...(record.options.cgroupParent === undefined ? {} : { parent: record.options.cgroupParent }),
      }),
      hostFacts(identity.container),
    ])
    await writeNetworkFiles(now, network, facts.hostname)
    const { spec, warnings } = buildSpec(specInput(now, identity, network, facts))
    for (const line of warnings) warning(line)
    const plan = compilePlan(spec, {})
    await Promise.all([writeFile(now.paths.spec, JSON.stringify(spec), { mode: 0o600 }), leaveLastWord(now)])
    return launch({ context, plan, place: cgroup.place })
  })
}

/**
 * What the container's end will look like if nobody is left to write it down: its monitor was killed, or the
 * machine went down. The monitor replaces it by the truth.
 */
async function leaveLastWord({ paths }: ContainerView): Promise<void> {
  const record: ExitRecord = {
    exitCode: 255,
    oomKilled: false,
    startedAt: new Date().toISOString(),
    finishedAt: '0001-01-01T00:00:00Z',
    error: 'the monitor was killed, or the machine went down',
  }
  await writeFile(paths.exit, JSON.stringify(record), { mode: 0o600 })
}
