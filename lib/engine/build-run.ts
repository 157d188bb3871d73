import { closeSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { cacheMountsDir } from '../build/cache.ts'
import { resolveInside } from '../build/context-files.ts'
import type { RunMount } from '../build/dockerfile/mount-flag.ts'
import type { Work } from '../build/evaluate.ts'
import type { VolumeMount } from '../container/record.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import type { CreateOptions } from '../plan/options.ts'
import { attachStreams } from '../runtime/attach.ts'
import { makeForMappedRoot } from '../storage/owned-folders.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { withLock } from '../system/lock.ts'
import { sha256 } from '../system/sha256.ts'
import { type BuildSession, dropContainer, workContainer } from './build-container.ts'
import { layerOfChanges } from './build-layer.ts'
import { startContainer } from './start.ts'

export type RunWork = Extract<Work, { kind: 'run' }>

export interface RunStep {
  context: Context
  session: BuildSession
  layers: string[]
  work: RunWork
  /** Of the command line: network, limits, hosts. */
  options: Partial<CreateOptions>
  /** Absolute path of the build context. */
  contextRoot: string
  secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents, by id. */
  ssh: ReadonlyMap<string, string>
  latest: number | undefined
  signal: AbortSignal
  output(bytes: Buffer): void
}

/** Executes a RUN in a container upon the layers; what it has changed is the new layer. Throws RUN_FAILED with the exit code, BUILD_CANCELED. */
export async function runStep(step: RunStep): Promise<BuiltLayer> {
  const { context, session, layers, work } = step
  const mounts = await decideRunMounts(step)
  return withCacheLocks(context, mounts.locks, async () => {
    const view = await workContainer({
      context,
      session,
      layers,
      mounts: ({ runDir }) => mounts.mounts.map((mount) => (mount.source.startsWith('/') ? mount : { ...mount, source: `${runDir}/${mount.source}` })),
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
      await provideFiles(context, view.paths.runDir, mounts)
      const code = await execute(step, view)
      if (step.signal.aborted) throw canceled()
      if (code !== 0) throw failed(work, code)
      return await layerOfChanges(context, view, step.latest)
    } finally {
      await dropContainer(context, view)
    }
  })
}

export const canceled = () => new LichenError('the build was canceled', { code: 'BUILD_CANCELED', exitCode: 130 })

function failed({ args }: RunWork, code: number | undefined): LichenError {
  const line = args.join(' ')
  const shown = line.length > 200 ? `${line.slice(0, 200)}...` : line
  return new LichenError(`process ${JSON.stringify(shown)} did not complete successfully: ${code === undefined ? 'it was killed' : `exit code: ${code}`}`, {
    code: 'RUN_FAILED',
    exitCode: 1,
  })
}

async function execute(step: RunStep, view: Awaited<ReturnType<typeof workContainer>>): Promise<number | undefined> {
  const { context, signal, output } = step
  const launched = await startContainer(context, view, { attached: true, terminal: undefined })
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

interface DecidedMounts {
  env: string[]
  mounts: VolumeMount[]
  tmpfs: Record<string, string>
  /** Folders of caches that nobody else may use meanwhile, and those that many may. */
  locks: { path: string; mode: 'exclusive' | 'shared' }[]
  secrets: { file: string; content: Buffer; mode: number }[]
  caches: { path: string; mode: number }[]
}

async function decideRunMounts(step: RunStep): Promise<DecidedMounts> {
  const decided: DecidedMounts = { env: [], mounts: [], tmpfs: {}, locks: [], secrets: [], caches: [] }
  for (const mount of step.work.mounts) decide(step, mount, decided)
  if (step.work.script !== undefined) {
    decided.secrets.push({ file: 'heredoc', content: Buffer.from(step.work.script), mode: 0o755 })
    decided.mounts.push(bind('heredoc', '/dev/lichen-heredoc', true))
  }
  return decided
}

/** A source without a slash is a file of the step's own, whose folder is not known yet. */
const bind = (source: string, target: string, readOnly: boolean): VolumeMount => ({
  type: 'bind',
  name: '',
  anonymous: false,
  source,
  target,
  readOnly,
  options: [],
})

function decide({ context, contextRoot, secrets, ssh }: RunStep, mount: RunMount, decided: DecidedMounts): void {
  const { type, target = '' } = mount
  switch (type) {
    case 'tmpfs':
      decided.tmpfs[target] = mount.size === undefined ? '' : `size=${mount.size}`
      return
    case 'cache': {
      if (mount.from !== undefined || (mount.source !== '' && mount.source !== '/')) throw notYet('from= and source= of a cache mount')
      if ((mount.uid ?? 0) !== 0 || (mount.gid ?? 0) !== 0) throw notYet('uid= and gid= of a cache mount')
      const path = `${cacheMountsDir(context)}/${sha256(mount.id ?? target).toString('hex')}`
      decided.caches.push({ path, mode: mount.mode ?? 0o755 })
      decided.locks.push({ path, mode: mount.sharing === 'shared' ? 'shared' : 'exclusive' })
      decided.mounts.push(bind(path, target, mount.readOnly))
      return
    }
    case 'secret': {
      if (mount.env !== undefined) throw notYet('env= of a secret mount')
      if ((mount.uid ?? 0) !== 0 || (mount.gid ?? 0) !== 0) throw notYet('uid= and gid= of a secret mount')
      const id = mount.id ?? (mount.source === '' ? target.split('/').at(-1)! : mount.source)
      const content = secrets.get(id)
      if (content === undefined) {
        if (!mount.required) return
        throw new LichenError(`secret ${id}: not found`, { code: 'NO_SECRET', exitCode: 1, hint: `lichen build --secret id=${id},src=FILE` })
      }
      const file = `secret-${decided.secrets.length}`
      decided.secrets.push({ file, content, mode: mount.mode ?? 0o400 })
      decided.mounts.push(bind(file, target === '' ? `/run/secrets/${id}` : target, true))
      return
    }
    case 'ssh': {
      const id = mount.id ?? 'default'
      const socket = ssh.get(id)
      if (socket !== undefined) {
        const at = target === '' ? `/run/buildkit/ssh_agent.${decided.mounts.length}` : target
        decided.mounts.push(bind(socket, at, false))
        decided.env.unshift(`SSH_AUTH_SOCK=${at}`)
      } else if (mount.required) {
        throw new LichenError(`unset ssh forward key ${id}`, { code: 'NO_SSH', exitCode: 1, hint: `lichen build --ssh ${id}` })
      }
      return
    }
    case 'bind': {
      if (mount.from !== undefined) throw notYet('from= of a bind mount')
      if (!mount.readOnly) throw notYet('rw of a bind mount')
      const inside = resolveInside(contextRoot, mount.source)
      if (inside === undefined) throw new LichenError(`${JSON.stringify(mount.source)} not found in the build context`, { code: 'NOT_IN_CONTEXT', exitCode: 1 })
      decided.mounts.push(bind(inside === '' ? contextRoot : `${contextRoot}/${inside}`, target, true))
    }
  }
}

const notYet = (what: string) => new LichenError(`${what} is not supported`, { code: 'UNSUPPORTED_BUILD', exitCode: 1, hint: 'docs/build.md says what is' })

/** Secrets lie in the run folder of the container, which is the user's alone, seldom on a disk, and goes with it. */
async function provideFiles(context: Context, folder: string, { secrets, caches }: DecidedMounts): Promise<void> {
  const identity = await hostIdentity(context)
  if (secrets.length > 0) await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const { file, content, mode } of secrets) await writeFile(`${folder}/${file}`, content, { mode })
  if (caches.length > 0) await mkdir(cacheMountsDir(context), { recursive: true, mode: 0o700 })
  for (const { path, mode } of caches) await makeForMappedRoot(identity, [path], mode)
}

async function withCacheLocks<T>(context: Context, locks: DecidedMounts['locks'], fn: () => Promise<T>): Promise<T> {
  if (locks.length > 0) await mkdir(cacheMountsDir(context), { recursive: true, mode: 0o700 })
  // Always in the same order, or two builds would wait for each other.
  const sorted = [...new Map(locks.map((lock) => [lock.path, lock])).values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  const take = (at: number): Promise<T> => {
    const lock = sorted[at]
    return lock === undefined ? fn() : withLock(`${lock.path}.lock`, lock.mode, () => take(at + 1))
  }
  return take(0)
}
