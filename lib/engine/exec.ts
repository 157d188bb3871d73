import { placeVisit } from '../cgroup/visit.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import type { ExecOptions } from '../plan/exec-process.ts'
import type { OciSpec } from '../plan/spec.ts'
import { type Launched, launch } from '../runtime/launch.ts'
import { seccompProgram } from '../runtime/seccomp.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson } from '../system/files.ts'
import { randomHex } from '../system/random.ts'
import { containerIdentity } from './identity.ts'
import { eventHead, recordContainerEvent } from './record-event.ts'
import { visitPlan } from './visit-plan.ts'

export interface ExecRequest extends ExecOptions {
  /** A client of the attach protocol waits at the other end. */
  attached: boolean
  /** Size of the user's terminal, where the process gets one. */
  terminal: { rows: number; columns: number } | undefined
  /** How many of our descriptors from 3 on it gets. */
  given?: number
}

/** Starts one more process in a running container, and returns when it has been executed. Throws NOT_RUNNING, and what explainFailure says. */
export async function execInContainer(context: Context, view: ContainerView, request: ExecRequest): Promise<Launched> {
  const { record, paths, live } = view
  if (view.status === 'paused') throw cannotExec(`Container ${record.name} is paused, unpause the container before exec`, `lichen unpause ${record.name}`)
  if (view.status === 'restarting')
    throw cannotExec(`Container ${record.id} is restarting, wait until the container is running`, `lichen wait --condition running ${record.name}`)
  if (!isRunning(view) || live === undefined) throw cannotExec(`container ${record.id} is not running`, `lichen start ${record.name}`)
  const [spec, identity, variables] = await Promise.all([
    readJson<OciSpec>(paths.spec),
    containerIdentity(context, record.options),
    (record.options.secrets ?? []).length === 0 ? [] : import('./secrets.ts').then(({ secretVariables }) => secretVariables(context, record.options)),
  ])
  if (spec?.process === undefined) {
    throw new LichenError(`the specification of container ${record.name} is gone: ${paths.spec}`, {
      code: 'NO_SPEC',
      hint: 'it was removed by hand; stop and start the container',
    })
  }
  const seccomp = spec.linux?.seccomp === undefined ? undefined : await seccompProgram(context, spec.linux.seccomp)
  const execID = randomHex(32)
  const place = await placeVisit(record.id, live.cgroup)
  const plan = visitPlan({
    record,
    spec: { ...spec, process: spec.process },
    identity,
    options: request,
    target: { pid: live.pid, startTime: live.startTime },
    cgroup: live.cgroup,
    placed: place !== undefined,
    events: { log: paths.events, head: eventHead(record, { execID }) },
    seccomp,
    secretEnvironment: variables,
    terminal: request.terminal,
    given: request.given ?? 0,
    attached: request.attached,
  })
  // As Docker writes it, which puts a blank behind a program without arguments, too.
  const [program = '', ...rest] = request.command
  const words = `${program} ${rest.join(' ')}`
  await recordContainerEvent(view, [`exec_create: ${words}`, `exec_start: ${words}`], { execID })
  return launch({ context, plan, place })
}

const cannotExec = (message: string, hint: string) => new LichenError(message, { code: 'NOT_RUNNING', exitCode: 1, hint })
