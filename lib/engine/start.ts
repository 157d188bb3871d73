import { planCgroup } from '../cgroup/place.ts'
import { gravePath } from '../container/discard.ts'
import { exclusively } from '../container/exclusive.ts'
import type { ContainerRecord, ExitRecord } from '../container/record.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { buildSpec } from '../plan/build-spec.ts'
import { isCdiName } from '../plan/cdi.ts'
import { compilePlan } from '../plan/compile.ts'
import type { RestartOption } from '../plan/options.ts'
import type { RunPlan } from '../plan/plan.ts'
import type { OciSpec } from '../plan/spec.ts'
import { groupNames, KEEP_GROUPS } from '../plan/spec-process.ts'
import { specText } from '../plan/spec-text.ts'
import { type Launched, type LaunchInput, launch } from '../runtime/launch.ts'
import { seccompProgram } from '../runtime/seccomp.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson, writeFileAtomic } from '../system/files.ts'
import { warning } from '../system/log.ts'
import { ownCommand } from '../system/own-command.ts'
import type { ContainerPaths } from '../system/paths.ts'
import { rm, writeFile } from '../system/small-files.ts'
import { traced } from '../system/trace.ts'
import type { CdiDevices } from './cdi.ts'
import { containerRootfs } from './container-rootfs.ts'
import { healthPlan } from './health.ts'
import { hostFacts } from './host-facts.ts'
import { containerIdentity } from './identity.ts'
import { sharedNamespaces } from './join.ts'
import { hasAttributes, logPlan } from './log-plan.ts'
import { mountSources } from './mounts.ts'
import { containerHostname, containerNetwork, writeNetworkFiles } from './network.ts'
import { eventHead } from './record-event.ts'
import type { ContainerSecrets } from './secrets.ts'
import { timezoneMounts } from './timezone.ts'
import { userEntries } from './user-entries.ts'

/** Old programs look for what is mounted there, such as Java's FileStore; Docker makes it, too. */
const mountTable = { path: '/etc/mtab', text: '/proc/mounts' }

export interface StartOptions {
  /** A client of the attach protocol waits at the other end. */
  attached: boolean
  /** Size of the user's terminal, where the container gets one. */
  terminal: { rows: number; columns: number } | undefined
  /** Nothing is added to its root file system: what a step of a build leaves there is the image's. */
  asIs?: boolean
  /** In place of those of its record: nothing of them is in any file. */
  secrets?: ContainerSecrets
  /** How many of our descriptors from 3 on it gets, in this start. */
  given?: number
}

/**
 * Starts a created or stopped container and returns when its program has been executed; undefined: it runs already. Ranges,
 * devices and cgroups are looked at afresh each time; what was chosen for good is in the record.
 */
export async function startContainer(context: Context, view: ContainerView, options: StartOptions): Promise<Launched | undefined> {
  return exclusively(view, async (now) => {
    if (now.status === 'paused') throw new LichenError('cannot start a paused container, try unpause instead', { code: 'PAUSED', exitCode: 1 })
    return isActive(now) ? undefined : startHeld(context, now, options)
  })
}

/** The same for one that does not run, by somebody who is alone with it (`exclusively`). */
export async function startHeld(context: Context, view: ContainerView, options: StartOptions): Promise<Launched> {
  const { record, paths } = view
  if (record.options.logDriver === 'passthrough') requireNoTerminal()
  const launched = await withLastWord(paths, async () => {
    await rm(paths.amendment, { force: true })
    const input = await traced('make the plan', () => planStart(context, view, options))
    return traced('launch', () => launch(input)).catch(async (error: unknown) => {
      throw await explained(error, context, record)
    })
  })
  if (record.options.pidfile !== undefined) await writeFile(record.options.pidfile, `${launched.pid}\n`)
  return launched
}

/** Whose terminal it is can put words into its input, as if they were typed. */
function requireNoTerminal(): void {
  if (![0, 1, 2].some((fd) => addon.isTerminal({ fd }))) return
  throw new LichenError('the log driver passthrough would hand your terminal to the container', {
    code: 'PASSTHROUGH_TERMINAL',
    hint: 'redirect standard input, output and error (</dev/null >FILE 2>&1), or take another --log-driver',
  })
}

async function planStart(context: Context, given: ContainerView, options: StartOptions): Promise<LaunchInput> {
  const cdi = await interfaceDevices(given.record)
  const view: ContainerView = { ...given, record: { ...given.record, options: { ...given.record.options, ...cdi.options } } }
  const { record, paths } = view
  const [identity, cgroup, host, volumes, timezone, secrets] = await Promise.all([
    containerIdentity(context, record.options),
    planCgroup({ context, id: record.id, limits: record.options.limits, parent: record.options.cgroupParent }),
    hostFacts(record.options),
    mountSources(context, view),
    timezoneMounts(record.options.timezone),
    options.secrets ?? secretsOf(context, record),
  ])
  const network = await containerNetwork(context, view, identity.container)
  const [rootfs, shared, hostname] = await Promise.all([
    containerRootfs(context, view, identity),
    sharedNamespaces(context, record.options, network),
    containerHostname(record, network, host.hostname),
  ])
  const { join, hostNetwork, pid, ipc, uts, cgroupns } = shared
  const { spec, warnings } = buildSpec({
    id: record.id,
    options: { ...record.options, pid, ipc, uts, cgroupns },
    image: record.image.config,
    mounts: [...volumes, ...cdi.mounts, ...timezone],
    identity: identity.container,
    defaultUser: identity.defaultUser,
    host,
    hostname,
    rootfs: rootfs.merged,
    hostNetwork,
    join,
    files: await writeNetworkFiles(context, view, network, { hostname, identity: identity.container }),
    defaultUlimits: Object.entries(context.config['default-ulimits'] ?? {}).map(([name, { Soft, Hard }]) => ({ name, soft: Soft, hard: Hard })),
  })
  for (const line of warnings) warning(line)
  const [seccomp] = await Promise.all([
    spec.linux?.seccomp === undefined ? undefined : seccompProgram(context, spec.linux.seccomp),
    writeFile(paths.spec, specText(spec), { mode: 0o600 }),
  ])
  const { interactive, detach, groupAdd } = record.options
  const init = record.options.init || (context.config.init ?? false)
  const plan = compilePlan(spec, {
    id: record.id,
    identity: identity.container,
    cgroupVersion: host.cgroupVersion,
    rootfs,
    entries: await userEntries(record, identity.defaultUser),
    links: options.asIs || record.options.rootfs ? [] : [mountTable],
    secrets: secrets.files,
    secretEnvironment: options.given ? [...secrets.environment, ...(await givenVariables(options.given, init, spec))] : secrets.environment,
    given: options.given ?? 0,
    network: network.plan,
    cgroup: cgroup.plan,
    seccomp,
    keepGroups: identity.container.denySetgroups || groupAdd.includes(KEEP_GROUPS),
    groups: groupNames(groupAdd),
    stdin: !interactive ? 'none' : detach ? 'open' : 'once',
    terminal: options.terminal,
    init,
    files: {
      lock: paths.lock,
      live: paths.live,
      exit: paths.exit,
      attachSocket: paths.attachSocket,
      pidfile: record.options.pidfile ?? '',
      amendment: paths.amendment,
      grave: record.options.remove ? gravePath(context.paths, record.id, true) : '',
    },
    log: { ...logPlan(record, paths), extra: await logExtra(record, spec.process?.env ?? []) },
    cleanup: record.options.remove ? [...ownCommand(), '--root', context.paths.data, 'rm', '--volumes', record.id] : [],
    timeout: (record.options.timeout ?? 0) * 1000,
    restart: restartPlan(record.options.restart),
    events: eventsPlan(view),
    health: healthPlan({ view, spec, identity, seccomp, secretEnvironment: secrets.environment }),
    attached: options.attached,
  })
  return { context, plan, place: cgroup.place }
}

/** Where processes of others have numbers as well, ours is not known before it is there. */
async function givenVariables(count: number, init: boolean, spec: OciSpec): Promise<string[]> {
  const own = spec.linux?.namespaces?.some(({ type, path }) => type === 'pid' && path === undefined) ?? false
  if (!own) return []
  return (await import('../plan/listen-variables.ts')).listenVariables(process.env, { count, pid: process.pid, firstPid: init ? 2 : 1 })
}

/** Most logs have none, and do without the module. */
async function logExtra(record: ContainerRecord, environment: string[]): Promise<RunPlan['log']['extra']> {
  const { logDriver, logOptions } = record.options
  if (logDriver !== 'journald' && !hasAttributes(logOptions)) return Buffer.alloc(0)
  return (await import('./log-extra.ts')).logExtra(record, environment)
}

async function explained(error: unknown, context: Context, { options, mounts, image }: ContainerRecord): Promise<unknown> {
  const [{ explainAccess }, { container, defaultUser }] = await Promise.all([import('./explain-access.ts'), containerIdentity(context, options)])
  return explainAccess(error, { mounts, identity: container, user: options.user ?? (defaultUser !== '' ? defaultUser : (image.config.User ?? '')) })
}

/** Of the Container Device Interface. Most containers have none. */
async function interfaceDevices({ options }: ContainerRecord): Promise<CdiDevices> {
  if (!options.devices.some(isCdiName)) return { options: { devices: options.devices, env: options.env }, mounts: [] }
  const { cdiDevices } = await import('./cdi.ts')
  return cdiDevices(options)
}

/** Most containers have none, and do without the module. */
async function secretsOf(context: Context, { options }: ContainerRecord): Promise<ContainerSecrets> {
  if ((options.secrets ?? []).length === 0) return { files: [], environment: [] }
  const { containerSecrets } = await import('./secrets.ts')
  return containerSecrets(context, options)
}

/** Where the monitor tells of start and end, and volumes of being mounted. */
function eventsPlan({ record, paths }: ContainerView): RunPlan['events'] {
  const volumes = record.mounts.filter(({ type, name }) => type === 'volume' && name !== '')
  const members = (action: string, name: string, attributes: Record<string, string>) =>
    JSON.stringify({ type: 'volume', action, id: name, attributes }).slice(1, -1)
  const fixed = volumes.flatMap(({ name, target, readOnly }) => [
    {
      phase: 'start' as const,
      members: members('mount', name, { container: record.id, destination: target, driver: 'local', propagation: '', 'read/write': String(!readOnly) }),
    },
    { phase: 'end' as const, members: members('unmount', name, { container: record.id, driver: 'local' }) },
  ])
  return { log: paths.events, head: eventHead(record), fixed }
}

/** What outlives a stop and a reboot is no matter of the monitor. */
export const restartPlan = (wish: RestartOption | undefined): RunPlan['restart'] =>
  wish === undefined ? { policy: 'no', most: 0 } : { policy: wish.policy === 'on-failure' ? 'on-failure' : 'always', most: wish.most }

/**
 * Leaves behind, before anything starts, what the container's end will look like if nobody is left to write it down: its
 * monitor was killed, or the machine went down. The monitor replaces it by the truth, a failed start by what has failed.
 */
async function withLastWord<T>({ exit }: ContainerPaths, start: () => Promise<T>): Promise<T> {
  const before = await readJson<ExitRecord>(exit).catch(() => undefined)
  const record: ExitRecord = {
    exitCode: 255,
    oomKilled: false,
    startedAt: new Date().toISOString(),
    finishedAt: '0001-01-01T00:00:00Z',
    error: 'the monitor was killed, or the machine went down',
  }
  await writeFile(exit, JSON.stringify(record), { mode: 0o600 })
  try {
    return await start()
  } catch (error) {
    const { startedAt, finishedAt } = before ?? { startedAt: NEVER, finishedAt: NEVER }
    const failed: ExitRecord = { exitCode: startExitCode(error), oomKilled: false, startedAt, finishedAt, error: (error as Error).message }
    // A full disk may be what has failed.
    await writeFileAtomic(exit, JSON.stringify(failed)).catch(() => rm(exit, { force: true }))
    throw error
  }
}

const NEVER = '0001-01-01T00:00:00Z'

/** As Docker's State.ExitCode: 127 and 126 for a program that is not there or can't be executed, else 128. */
const startExitCode = (error: unknown) => (error instanceof LichenError && (error.exitCode === 126 || error.exitCode === 127) ? error.exitCode : 128)
