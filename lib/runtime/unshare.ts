import type { Identity, UnshareOperation, UnsharePlan } from '../plan/plan.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { closeSync } from '../system/fs.ts'
import { warning } from '../system/log.ts'
import { type Spawned, spawn } from '../system/spawn.ts'
import { encodePlan } from './encode-plan.ts'
import { explainFailure } from './explain.ts'
import { runtimeFd } from './protocol.ts'
import { decodeStatus, type Found } from './status.ts'
import { recordSplitter } from './wire.ts'

export { applyTag, changeKind, entryType } from './protocol.ts'

export interface UnshareInput {
  context: Context
  identity: Identity
}

export interface Unshared {
  entries: number
  bytes: number
}

/** Does the work under the id map, to its end. Throws what explainFailure makes of a failure. */
export async function unshare(
  input: UnshareInput & { operation: Exclude<UnshareOperation, { kind: 'exec' | 'apply' | 'stat' | 'pack' | 'unpack' | 'changes' }> },
): Promise<Unshared> {
  return outcome(start(input, input.operation, []))
}

/**
 * Runs a program as root of the id map, with these descriptors ([the program's, ours]; 0 to 2 are /dev/null where not named); resolves
 * with its exit code. Throws what explainFailure makes of one that could not be started.
 */
export async function unshareProgram(
  input: UnshareInput & { args: string[]; env: string[]; fds: [number, number][]; onStart?: (pid: number) => void },
): Promise<number> {
  const { args, env, fds, onStart } = input
  const worker = start(input, { kind: 'exec', args, env }, fds)
  onStart?.(worker.process.pid)
  const done = await readStatus(worker.statusFd)
  if (done !== undefined) throw lost()
  return worker.process.exited()
}

/** Entries of a layer on their way into a directory; native/runtime/protocol.h has their format. */
export interface ApplyStream {
  /** Returns when the runtime has taken all of the bytes, which may be used again then. */
  write(parts: Uint8Array[]): Promise<void>
  /** After the record that says so: everything is in place and on disk. */
  finish(): Promise<Unshared>
  /** Stops; what has been made stays where it is. Does not throw. */
  abandon(): Promise<void>
}

/** Starts an apply into `directory`, which is empty and belongs to the root of the map. Its methods throw what explainFailure makes of a failure. */
export const startApply = (input: UnshareInput & { directory: string }): ApplyStream => feed(input, { kind: 'apply', directory: input.directory })

/** Starts an operation that reads entries. */
export function feed(input: UnshareInput, operation: Extract<UnshareOperation, { kind: 'apply' | 'unpack' }>): ApplyStream {
  const [theirs, ours] = addon.pipe({})
  let worker: Worker
  try {
    worker = start(input, operation, [[0, theirs]])
  } catch (error) {
    closeSync(ours)
    throw error
  } finally {
    closeSync(theirs)
  }
  let open = true
  const finish = () => {
    open = false
    closeSync(ours)
    return outcome(worker)
  }
  return {
    async write(parts) {
      try {
        await addon.writeFd({ fd: ours, parts })
      } catch (error) {
        // It has stopped reading; it has also said why.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
        await finish()
        throw lost()
      }
    },
    finish,
    async abandon() {
      if (open) await finish().catch(() => undefined)
    },
  }
}

/** The runtime at work. */
export interface Worker {
  process: Spawned
  statusFd: number
}

/** Starts an operation with these descriptors beside those of the protocol; `outcome` is to follow. */
export function start({ context, identity }: UnshareInput, operation: UnshareOperation, stdio: [number, number][]): Worker {
  const plan: UnsharePlan = { verb: 'unshare', identity, operation }
  const planFd = addon.sealedMemfd({ name: 'lichen-plan', bytes: encodePlan(plan) })
  const [statusFd, runtimeStatus] = addon.socketPair({})
  try {
    const fds: [number, number][] = [...stdio, [runtimeFd.PLAN, planFd], [runtimeFd.STATUS, runtimeStatus]]
    return { process: spawn({ file: context.runtime, argv: ['lichen-runtime', 'unshare'], fds, ...(operation.kind === 'exec' ? {} : { cwd: '/' }) }), statusFd }
  } catch (error) {
    closeSync(statusFd)
    throw error
  } finally {
    for (const fd of [planFd, runtimeStatus]) closeSync(fd)
  }
}

/** What has come of it; `found` gets what an operation finds on its way. Throws what explainFailure makes of a failure. */
export async function outcome({ process, statusFd }: Worker, found?: (found: Found | undefined) => void): Promise<Unshared> {
  try {
    const done = await readStatus(statusFd, found)
    if (done === undefined) throw lost()
    return done
  } finally {
    await process.exited()
  }
}

/** Undefined where the runtime closed its end without a last word. Not on the thread pool: such work may take minutes, and its threads are four. */
async function readStatus(fd: number, found?: (found: Found | undefined) => void): Promise<Unshared | undefined> {
  const split = recordSplitter()
  try {
    for (let chunk = await addon.readFd({ fd }); chunk !== null; chunk = await addon.readFd({ fd })) {
      for (const message of split(chunk).map(decodeStatus)) {
        if (message.kind === 'failed') throw await explainFailure(message.failure)
        if (message.kind === 'found') found?.(message.found)
        if (message.kind === 'warning') warning((await explainFailure(message.failure)).message)
        if (message.kind === 'done') return { entries: message.entries, bytes: message.bytes }
      }
    }
    return undefined
  } finally {
    closeSync(fd)
  }
}

const lost = () => new LichenError('the runtime ended before its work was done', { code: 'RUNTIME_LOST', hint: 'was it killed? The command can be repeated' })
