import type { ResourceLimits } from '../plan/options.ts'
import type { CgroupPlan } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { mkdir } from '../system/small-files.ts'
import { type CgroupFacts, cgroupFacts, controllersOf, type WritableCgroup, writableCgroup } from './detect.ts'
import { type Controller, type LimitPlan, planLimits } from './limits.ts'
import { noDelegation } from './no-delegation.ts'
import { connectServiceManager, type ServiceManager } from './scope.ts'

export interface CgroupPlacement {
  plan: CgroupPlan
  /** Mode scope: to be awaited with the monitor's pid before the monitor is told to go on. */
  place: ((monitorPid: number) => Promise<void>) | undefined
}

export interface CgroupInput {
  context: Context
  /** 64 hex digits. */
  id: string
  limits: ResourceLimits
  /** `--cgroup-parent`: a slice of systemd, or a path under the cgroup mount. */
  parent?: string | undefined
}

/** As Docker and podman have it in their rootless form; only where it can be enforced. */
const DEFAULT_PIDS_LIMIT = 2048

/**
 * Where a container's cgroup will be: a scope of the user's systemd, else a folder in a delegated subtree, else
 * nowhere, which is an error if a limit was asked for (NO_CGROUP_DELEGATION, BAD_LIMIT, BAD_CGROUP_PARENT).
 * Inside a batch job the container stays in the job's cgroup, and systemd is not spoken to unless nothing else
 * can enforce a limit.
 */
export async function planCgroup(input: CgroupInput): Promise<CgroupPlacement> {
  const facts = await cgroupFacts()
  const limits = planLimits(input.limits, facts)
  const wanted = limits.controllers.length > 0
  if (facts.layout !== 'unified') return withoutLimits(input, facts, limits)
  const { parent } = input
  if (parent?.endsWith('.slice')) return scopePlacement(input, facts, limits, parent)
  if (parent !== undefined) return directoryPlacement(input, limits, await openParent(facts, parent), true)

  const own = facts.own === undefined ? undefined : await writableCgroup(facts, `${facts.mount}${facts.own === '/' ? '' : facts.own}`)
  const suits = own !== undefined && missing(own, limits.controllers).length === 0
  if (inBatchJob(process.env)) {
    if (suits) return directoryPlacement(input, limits, own, false)
    return wanted ? scopePlacement(input, facts, limits, undefined) : nowhere
  }
  const manager = await connectServiceManager(uid())
  if (manager !== undefined) return scopePlacement(input, facts, limits, undefined, manager)
  if (own !== undefined) return directoryPlacement(input, limits, own, false)
  if (wanted) throw noDelegation({ kind: 'nothing' })
  return nowhere
}

/** Beside version 1 a cgroup of version 2 has no controllers, and still is what a container can be paused and killed by as a whole. */
async function withoutLimits(input: CgroupInput, facts: CgroupFacts, limits: LimitPlan): Promise<CgroupPlacement> {
  const { parent } = input
  const byPath = facts.layout === 'hybrid' && parent?.endsWith('.slice') !== true
  if (limits.controllers.length > 0 || (parent !== undefined && !byPath)) throw noDelegation({ kind: 'layout', layout: facts.layout })
  if (parent !== undefined) return directoryPlacement(input, limits, await openParent(facts, parent), true)
  const own = byPath && facts.own !== undefined && facts.own !== '/' ? await writableCgroup(facts, `${facts.mount}${facts.own}`) : undefined
  return own === undefined ? nowhere : directoryPlacement(input, limits, own, false)
}

const nowhere: CgroupPlacement = { plan: { mode: 'none' }, place: undefined }
const uid = () => process.geteuid?.() ?? 0

/** Schedulers put the whole job into a cgroup of its own, which is also where its devices are granted. */
export function inBatchJob(env: Record<string, string | undefined>): boolean {
  return ['SLURM_JOB_ID', 'PBS_JOBID', 'LSB_JOBID', 'FLUX_JOB_ID', '_CONDOR_JOB_AD'].some((name) => env[name] !== undefined && env[name] !== '')
}

async function scopePlacement(
  input: CgroupInput,
  facts: CgroupFacts,
  limits: LimitPlan,
  slice: string | undefined,
  open?: ServiceManager,
): Promise<CgroupPlacement> {
  const manager = open ?? (await connectServiceManager(uid()))
  if (manager === undefined) throw noDelegation({ kind: 'no-manager', slice })
  const delegated = uid() === 0 ? await controllersOf(facts.mount) : await controllersOf(`${facts.mount}/user.slice/user-${uid()}.slice/user@${uid()}.service`)
  const absent = limits.controllers.filter((controller) => delegated !== undefined && !delegated.includes(controller))
  if (absent.length > 0) {
    manager.close()
    throw noDelegation({ kind: 'controllers', controllers: absent, uid: uid() })
  }
  const all = withDefaults(limits, input.limits, delegated ?? [])
  return {
    plan: { mode: 'scope', path: '', controllers: enable(all.controllers), writes: all.writes },
    async place(pid) {
      const short = input.id.slice(0, 12)
      const scope = { pid, slice: slice ?? (uid() === 0 ? 'system.slice' : 'user.slice'), description: `lichen container ${short}` }
      try {
        // The pid keeps the scope of a restarted container apart from the one that is just being taken down.
        await manager.startScope({ ...scope, name: `lichen-${input.id}-${pid}.scope` })
      } finally {
        manager.close()
      }
    },
  }
}

function directoryPlacement(input: CgroupInput, limits: LimitPlan, parent: WritableCgroup, named: boolean): CgroupPlacement {
  const absent = missing(parent, limits.controllers)
  if (absent.length > 0) {
    const reachable = absent.every((controller) => parent.available.includes(controller))
    throw noDelegation(reachable ? { kind: 'occupied', path: parent.path, named } : { kind: 'controllers', controllers: absent, uid: uid() })
  }
  const all = withDefaults(limits, input.limits, parent.canEnable ? parent.available : parent.enabled)
  const toEnable = all.controllers.filter((controller) => !parent.enabled.includes(controller))
  return { plan: { mode: 'directory', path: `${parent.path}/lichen-${input.id}`, controllers: enable(toEnable), writes: all.writes }, place: undefined }
}

/** Controllers that children of this cgroup lack and can't be given. */
const missing = (parent: WritableCgroup, needed: Controller[]) =>
  needed.filter((controller) => !parent.enabled.includes(controller) && !(parent.canEnable && parent.available.includes(controller)))

function withDefaults(plan: LimitPlan, limits: ResourceLimits, possible: string[]): LimitPlan {
  if (limits.pidsLimit !== undefined || !possible.includes('pids')) return plan
  return { controllers: [...plan.controllers, 'pids'], writes: [...plan.writes, { file: 'pids.max', value: String(DEFAULT_PIDS_LIMIT) }] }
}

const enable = (controllers: Controller[]) => controllers.map((controller) => `+${controller}`).join(' ')

/** An absolute path counts from the cgroup mount, as with Docker; a relative one from our own cgroup. */
async function openParent(facts: CgroupFacts, parent: string): Promise<WritableCgroup> {
  if (parent.split('/').includes('..')) throw new LichenError(`invalid cgroup parent: ${parent}`, { code: 'BAD_CGROUP_PARENT' })
  const below = parent.startsWith('/') ? parent : `${facts.own ?? ''}/${parent}`
  const path = `${facts.mount}/${below}`.replace(/\/+/g, '/').replace(/\/$/, '')
  await mkdir(path, { recursive: true }).catch(() => undefined)
  const found = await writableCgroup(facts, path)
  if (found !== undefined) return found
  throw noDelegation({ kind: 'parent', path })
}
