import type { ContainerRecord } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import { planHealth } from '../plan/health.ts'
import type { ExecPlan, RunPlan } from '../plan/plan.ts'
import type { OciProcess, OciSpec } from '../plan/spec.ts'
import { askForCheck } from '../runtime/check.ts'
import { LichenError } from '../system/errors.ts'
import { connectTo } from './attached.ts'
import type { ContainerIdentity } from './identity.ts'
import { stopSeconds, stopSignal } from './stop.ts'
import { visitPlan } from './visit-plan.ts'

interface HealthInput {
  view: ContainerView
  spec: OciSpec
  identity: ContainerIdentity
  seccomp: ExecPlan['process']['seccomp']
  secretEnvironment: string[]
}

/** No timer of the kernel is set for longer; longer than a machine stands. */
const NEVER = 2 ** 40

/** The checks that the monitor does in a container; undefined: none. */
export function healthPlan({ view, spec, identity, seccomp, secretEnvironment }: HealthInput): RunPlan['health'] {
  const { record, paths } = view
  const health = planHealth(record.options.health, record.image.config)
  if (health === undefined || spec.process === undefined) return undefined
  const { args, ...times } = health
  const seconds = stopSeconds(view)
  return {
    ...times,
    file: paths.health,
    action: record.options.health?.onFailure ?? 'none',
    stop: { signal: stopSignal(view), milliseconds: seconds < 0 ? NEVER : seconds * 1000 },
    plan: visitPlan({
      record,
      spec: { ...spec, process: spec.process as OciProcess },
      identity,
      options: { command: args, env: [], user: undefined, workdir: undefined, tty: false, interactive: false, privileged: false },
      // The monitor knows the process and the cgroup.
      target: { pid: 0, startTime: 0 },
      cgroup: '',
      placed: false,
      seccomp,
      secretEnvironment,
      terminal: undefined,
      attached: true,
    }),
  }
}

/** Has the monitor check now, or waits for the check that runs. True: it was passed. Throws NOT_RUNNING, NO_HEALTHCHECK. */
export async function checkHealth(view: ContainerView): Promise<boolean> {
  const { record } = view
  if (planHealth(record.options.health, record.image.config) === undefined) throw noCheck(record)
  const socket = view.status === 'running' ? connectTo(view) : undefined
  const answer = socket === undefined ? undefined : await askForCheck(socket)
  if (answer === 'no-check') throw noCheck(record)
  if (answer !== undefined) return answer === 'passed'
  throw new LichenError(`container ${record.id} is not running`, { code: 'NOT_RUNNING', hint: `lichen start ${record.name}` })
}

const noCheck = ({ id }: ContainerRecord) =>
  new LichenError(`container ${id} has no defined healthcheck`, { code: 'NO_HEALTHCHECK', hint: 'lichen run --health-cmd, or HEALTHCHECK of the image' })
