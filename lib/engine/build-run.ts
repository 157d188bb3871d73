import { closeSync } from 'node:fs'
import { mkdir, statfs, writeFile } from 'node:fs/promises'
import { canceled } from '../build/canceled.ts'
import type { Work } from '../build/work.ts'
import type { ContainerView } from '../container/view.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import type { CreateOptions } from '../plan/options.ts'
import { attachStreams } from '../runtime/attach.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { withCacheMounts } from './build-cache-mounts.ts'
import { dropContainer, workContainer } from './build-container.ts'
import { layerOfChanges } from './build-layer.ts'
import { bindMount, decideRunMounts, type MountSite } from './build-mounts.ts'
import type { ContainerSecrets } from './secrets.ts'
import { startContainer } from './start.ts'

export type RunWork = Extract<Work, { kind: 'run' }>

export interface RunStep extends MountSite {
  layers: string[]
  work: RunWork
  /** Of the command line: network, limits, hosts. */
  options: Partial<CreateOptions>
  latest: number | undefined
  signal: AbortSignal
  output(bytes: Buffer): void
}

/** Executes a RUN in a container upon the layers; what it has changed is the new layer. Throws RUN_FAILED with the exit code, BUILD_CANCELED. */
export async function runStep(step: RunStep): Promise<BuiltLayer> {
  const { context, session, layers, work } = step
  const mounts = await decideRunMounts(step, work.mounts, work.workdir)
  const script = work.script === undefined ? [] : [bindMount('heredoc', '/dev/lichen-heredoc', true)]
  return withCacheMounts(step, mounts.caches, async () => {
    const view = await workContainer({
      context,
      session,
      layers,
      mounts: ({ runDir }) => [...mounts.mounts, ...script.map((mount) => ({ ...mount, source: `${runDir}/${mount.source}` }))],
      options: {
        ...step.options,
        ...(work.network === 'default' ? {} : { network: work.network }),
        command: work.args,
        env: [...work.secretEnv, ...work.env, ...mounts.env],
        user: work.user === '' ? undefined : work.user,
        workdir: work.workdir,
        tmpfs: mounts.tmpfs,
      },
    })
    try {
      if (work.script !== undefined) await provideScript(view.paths.runDir, work.script)
      const code = await execute(step, view, mounts.secrets)
      if (step.signal.aborted) throw canceled()
      if (code !== 0) throw await failed(context, work, code)
      return await layerOfChanges({ context, session, latest: step.latest, places: mounts.places }, view)
    } finally {
      await dropContainer(context, view)
    }
  })
}

async function failed(context: Context, { args }: RunWork, code: number | undefined): Promise<LichenError> {
  const line = args.join(' ')
  const shown = line.length > 200 ? `${line.slice(0, 200)}...` : line
  return new LichenError(`process ${JSON.stringify(shown)} did not complete successfully: ${code === undefined ? 'it was killed' : `exit code: ${code}`}`, {
    code: 'RUN_FAILED',
    exitCode: 1,
    ...((await isFull(context)) ? { hint: `no space is left in ${context.paths.data}: make room (lichen rmi, lichen rm, lichen builder prune)` } : {}),
  })
}

/** Programs seldom say it well: busybox calls a full disk an I/O error. */
async function isFull({ paths }: Context): Promise<boolean> {
  const { bavail, bsize } = await statfs(paths.data)
  return bavail * bsize < ROOM
}

/** Bytes. */
const ROOM = 1 << 20

/** In the run folder, which is the user's alone, and goes with the container. */
async function provideScript(folder: string, script: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(`${folder}/heredoc`, script, { mode: 0o755 })
}

async function execute(step: RunStep, view: ContainerView, secrets: ContainerSecrets): Promise<number | undefined> {
  const { context, signal, output } = step
  const launched = await startContainer(context, view, { attached: true, terminal: undefined, secrets, asIs: true })
  if (launched === undefined || launched.client === undefined) throw new LichenError('the step was started by somebody else', { code: 'ALREADY_RUNNING' })
  const kill = () => void addon.pidfdSendSignal({ pid: launched.pid, startTime: launched.startTime, signal: 9 })
  const onAbort = () => {
    try {
      kill()
    } catch {
      // It has just ended.
    }
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const [read, write] = addon.pipe({})
  const client = launched.client
  const relay = attachStreams({ socketFd: client, stdin: -1, stdout: write, stderr: write, tty: false, detachKeys: new Uint8Array() }).finally(() => {
    closeSync(write)
    closeSync(client)
  })
  try {
    for (let part = await addon.readFd({ fd: read }); part !== null; part = await addon.readFd({ fd: read })) output(part)
    await relay
    return await launched.exited()
  } finally {
    closeSync(read)
    signal.removeEventListener('abort', onAbort)
    await launched.release()
  }
}
