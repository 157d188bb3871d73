import { planCgroup } from '../cgroup/place.ts'
import { exclusively } from '../container/exclusive.ts'
import type { ContainerRecord, ExitRecord } from '../container/record.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { buildSpec } from '../plan/build-spec.ts'
import { compilePlan } from '../plan/compile.ts'
import type { RestartOption } from '../plan/options.ts'
import type { RunPlan } from '../plan/plan.ts'
import { groupNames, KEEP_GROUPS } from '../plan/spec-process.ts'
import { specText } from '../plan/spec-text.ts'
import { type Launched, type LaunchInput, launch } from '../runtime/launch.ts'
import { seccompProgram } from '../runtime/seccomp.ts'
import { prepareRootfs } from '../storage/rootfs.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { warning } from '../system/log.ts'
import { ownCommand } from '../system/own-command.ts'
import type { ContainerPaths } from '../system/paths.ts'
import { readFile, rm, writeFile } from '../system/small-files.ts'
import { healthPlan } from './health.ts'
import { hostFacts } from './host-facts.ts'
import { containerIdentity } from './identity.ts'
import { sharedNamespaces } from './join.ts'
import { logPlan } from './log-plan.ts'
import { mountSources } from './mounts.ts'
import { containerHostname, containerNetwork, writeNetworkFiles } from './network.ts'
import type { ContainerSecrets } from './secrets.ts'

export interface StartOptions {
  /** A client of the attach protocol waits at the other end. */
  attached: boolean
  /** Size of the user's terminal, where the container gets one. */
  terminal: { rows: number; columns: number } | undefined
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
  const input = await planStart(context, view, options)
  return withLastWord(view.paths, () => launch(input))
}

async function planStart(context: Context, view: ContainerView, options: StartOptions): Promise<LaunchInput> {
  const { record, paths } = view
  const [identity, cgroup, host, mounts, secrets] = await Promise.all([
    containerIdentity(context, record.options),
    planCgroup({ context, id: record.id, limits: record.options.limits, parent: record.options.cgroupParent }),
    hostFacts(record.options),
    mountSources(context, record.mounts),
    secretsOf(context, record),
  ])
  const network = await containerNetwork(context, view, identity.container)
  const [rootfs, shared, hostname] = await Promise.all([
    prepareRootfs({
      context,
      driver: record.storageDriver,
      container: paths,
      layers: record.image.layers,
      identity: identity.container,
      storeIdentity: identity.needsSquash ? identity.store : identity.container,
    }),
    sharedNamespaces(context, record.options, network),
    containerHostname(record, network, host.hostname),
  ])
  const { join, hostNetwork, pid, ipc } = shared
  const { spec, warnings } = buildSpec({
    id: record.id,
    options: { ...record.options, pid, ipc },
    image: record.image.config,
    // What a volume takes over from the image it has taken at the first start.
    mounts: view.exit === undefined ? mounts : mounts.map((mount) => ({ ...mount, options: [...mount.options, 'nocopy'] })),
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
  const plan = compilePlan(spec, {
    id: record.id,
    identity: identity.container,
    cgroupVersion: host.cgroupVersion,
    rootfs,
    entries: [],
    secrets: secrets.files,
    secretEnvironment: secrets.environment,
    network: network.plan,
    cgroup: cgroup.plan,
    seccomp,
    keepGroups: identity.container.denySetgroups || groupAdd.includes(KEEP_GROUPS),
    groups: groupNames(groupAdd),
    stdin: !interactive ? 'none' : detach ? 'open' : 'once',
    terminal: options.terminal,
    init: record.options.init || (context.config.init ?? false),
    files: { lock: paths.lock, live: paths.live, exit: paths.exit, attachSocket: paths.attachSocket },
    log: logPlan(record, paths),
    cleanup: record.options.remove ? [...ownCommand(), '--root', context.paths.data, 'rm', '--volumes', record.id] : [],
    timeout: (record.options.timeout ?? 0) * 1000,
    restart: restartPlan(record.options.restart),
    health: healthPlan({ view, spec, identity, seccomp, secretEnvironment: secrets.environment }),
    attached: options.attached,
  })
  return { context, plan, place: cgroup.place }
}

/** Most containers have none, and do without the module. */
async function secretsOf(context: Context, { options }: ContainerRecord): Promise<ContainerSecrets> {
  if ((options.secrets ?? []).length === 0) return { files: [], environment: [] }
  const { containerSecrets } = await import('./secrets.ts')
  return containerSecrets(context, options)
}

/** What outlives a stop and a reboot is no matter of the monitor. */
export const restartPlan = (wish: RestartOption | undefined): RunPlan['restart'] =>
  wish === undefined ? { policy: 'no', most: 0 } : { policy: wish.policy === 'on-failure' ? 'on-failure' : 'always', most: wish.most }

/**
 * Leaves behind, before anything starts, what the container's end will look like if nobody is left to write it down: its
 * monitor was killed, or the machine went down. The monitor replaces it by the truth; a failed start takes it back.
 */
async function withLastWord<T>({ exit }: ContainerPaths, start: () => Promise<T>): Promise<T> {
  const before = await readFile(exit).catch(() => undefined)
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
    if (before === undefined) await rm(exit, { force: true })
    else await writeFile(exit, before, { mode: 0o600 })
    throw error
  }
}
