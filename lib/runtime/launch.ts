import type { ExecPlan, RunPlan } from '../plan/plan.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { closeSync } from '../system/fs.ts'
import { warning } from '../system/log.ts'
import { spawn } from '../system/spawn.ts'
import { notePhase, traced, traceFile } from '../system/trace.ts'
import { type StatusConnection, statusConnection } from './connection.ts'
import { encodePlan } from './encode-plan.ts'
import { explainFailure } from './explain.ts'
import { runtimeFd } from './protocol.ts'

/** A process that runs under a monitor (or, for exec, a supervisor) of its own. */
export interface Launched {
  /** As the host counts. */
  pid: number
  startTime: number
  /** Socket that speaks the attach protocol, where the plan asked for one. The caller's to close. */
  client: number | undefined
  /** Exit code when it has ended and its records are written; undefined where the monitor was killed. */
  exited(): Promise<number | undefined>
  /**
   * Behind `exited`, for a plan with a cleanup: it has been done here, or all but the deleting of `grave` in the plan's files. A launcher
   * that lets go without this word leaves it to the monitor.
   */
  cleaned(word: 'removed' | 'discarded'): Promise<void>
  /** Lets go of the monitor: it cleans up by itself when the container ends. */
  release(): Promise<void>
}

export interface LaunchInput {
  context: Context
  plan: RunPlan | ExecPlan
  /** Puts the new monitor into a scope of the service manager before anything else happens. */
  place?: ((monitorPid: number) => Promise<void>) | undefined
}

/**
 * Starts the runtime on a plan and waits until the program inside has been executed, or could not be.
 * Throws what explainFailure makes of it; nothing runs then.
 */
export async function launch({ context, plan, place }: LaunchInput): Promise<Launched> {
  const planFd = addon.sealedMemfd({ name: 'lichen-plan', bytes: encodePlan(plan, traceFile !== undefined) })
  const [statusFd, runtimeStatus] = addon.socketPair({})
  const [client, runtimeClient] = plan.attached ? addon.socketPair({}) : [undefined, undefined]
  const fds: [number, number][] = [
    [runtimeFd.PLAN, planFd],
    [runtimeFd.STATUS, runtimeStatus],
  ]
  if (runtimeClient !== undefined) fds.push([runtimeFd.CLIENT, runtimeClient])
  const passthrough = plan.verb === 'run' && plan.log.driver === 'passthrough'
  const own: [number, number][] = passthrough ? [0, 1, 2].map((fd) => [runtimeFd.STDIO + fd, fd]) : []
  const given = Array.from({ length: plan.process.given ?? 0 }, (_, at): [number, number] => [runtimeFd.GIVEN + at, 3 + at])
  let monitor: { pid: number }
  try {
    monitor = spawn({ file: context.runtime, argv: ['lichen-runtime', plan.verb], fds: [...fds, ...own, ...given], setsid: true, cwd: '/' })
  } finally {
    // Of what is given, too: a pipe ends with the process.
    for (const [, fd] of [...fds, ...given]) closeSync(fd)
  }
  const status = statusConnection(statusFd)
  try {
    if (place !== undefined) {
      await place(monitor.pid)
      await status.go()
    }
    const started = await traced('wait for the start', () => waitForStart(status))
    return {
      pid: started.pid,
      startTime: started.startTime,
      client,
      exited: () => traced('wait for the end', () => waitForExit(status)),
      cleaned: (word) => status.cleaned(word),
      release: () => status.close(),
    }
  } catch (error) {
    await status.close()
    if (client !== undefined) closeSync(client)
    throw error
  }
}

async function waitForStart(status: StatusConnection) {
  for (;;) {
    const message = await status.next()
    if (message === undefined) {
      throw new LichenError('the monitor ended before the container was started', {
        code: 'MONITOR_LOST',
        hint: 'was it killed? The command can be repeated',
      })
    }
    if (message.kind === 'failed') throw await explainFailure(message.failure)
    if (message.kind === 'warning') warning((await explainFailure(message.failure)).message)
    if (message.kind === 'trace') notePhase(message.phase)
    if (message.kind === 'started') return message
  }
}

async function waitForExit(status: StatusConnection): Promise<number | undefined> {
  for (;;) {
    const message = await status.next()
    if (message === undefined) return undefined
    if (message.kind === 'warning') warning((await explainFailure(message.failure)).message)
    if (message.kind === 'trace') notePhase(message.phase)
    if (message.kind === 'exited') return message.code
  }
}
