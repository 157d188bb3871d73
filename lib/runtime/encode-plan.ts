import type {
  CapabilitySets,
  EventsPlan,
  ExecPlan,
  Identity,
  MountPlan,
  NamespaceKind,
  Plan,
  ProcessPlan,
  RootfsPlan,
  RunPlan,
  UnsharePlan,
  View,
} from '../plan/plan.ts'
import {
  cgroupMode,
  eventPhase,
  healthAction,
  logDriver,
  mountAttribute,
  mountFlag,
  mountKind,
  namespaceBit,
  opFlag,
  PLAN_MAGIC,
  restartPolicy,
  rootfsKind,
  stdinMode,
  planTag as T,
  unshareOp,
  verb,
  viewKind,
} from './protocol.ts'
import { b, encodeRecord, type Field, i, s, u } from './wire.ts'

/** The plan as `lichen-runtime` reads it from its memfd. `trace`: it is to tell where the time goes. */
export function encodePlan(plan: Plan, trace = false): Buffer {
  const records: Buffer[] = [Buffer.from(PLAN_MAGIC, 'latin1')]
  const put = (tag: number, ...fields: Field[]) => void records.push(encodeRecord(tag, fields))
  put(T.VERB, u(verb[plan.verb]))
  if (trace) put(T.TRACE)
  if (plan.verb === 'run') putRun(put, plan)
  else if (plan.verb === 'exec') putExec(put, plan)
  else putUnshare(put, plan)
  return Buffer.concat(records)
}

/** What the file `amendment` of a plan holds: what counts from now on for a container that runs. */
export function encodeAmendment({ events, restart }: { events: Omit<EventsPlan, 'fixed'>; restart: RunPlan['restart'] }): Buffer {
  const restarts = encodeRecord(T.RESTART, [u(restartPolicy[restart.policy]), u(restart.most)])
  return Buffer.concat([encodeRecord(T.EVENTS, [s(events.log), s(events.head)]), restarts])
}

type Put = (tag: number, ...fields: Field[]) => void

function putRun(put: Put, plan: RunPlan): void {
  put(T.ID, s(plan.id))
  putIdentity(put, plan.identity)
  put(T.NAMESPACES, u(namespaceBits(plan.create)))
  for (const { kind, path } of plan.join) put(T.JOIN, u(namespaceBit[kind]), s(path))
  if (plan.hostname !== '') put(T.HOSTNAME, s(plan.hostname))
  if (plan.domainname !== '') put(T.DOMAINNAME, s(plan.domainname))
  for (const { key, value } of plan.sysctls) put(T.SYSCTL, s(key), s(value))
  putRootfs(put, plan.rootfs)
  if (plan.rootReadonly) put(T.ROOT_READONLY)
  if (plan.rootPropagation !== 0) put(T.ROOT_PROPAGATION, u(plan.rootPropagation))
  for (const mount of plan.mounts) putMount(put, mount)
  for (const { file, line } of plan.entries) put(T.ENTRY, s(file), s(line))
  putProcess(put, plan.process)
  if (plan.init) put(T.INIT)
  for (const argument of plan.network.helper) put(T.NET_HELPER, s(argument))
  if (plan.network.apiSocket !== '') put(T.NET_API_SOCKET, s(plan.network.apiSocket))
  for (const request of plan.network.requests) put(T.NET_API_REQUEST, s(request))
  if (plan.cgroup.mode !== 'none') {
    put(T.CGROUP, u(cgroupMode[plan.cgroup.mode]), s(plan.cgroup.path))
    if (plan.cgroup.controllers !== '') put(T.CGROUP_CONTROLLERS, s(plan.cgroup.controllers))
    for (const { file, value } of plan.cgroup.writes) put(T.CGROUP_WRITE, s(file), s(value))
  }
  put(T.FILES, s(plan.files.lock), s(plan.files.live), s(plan.files.exit), s(plan.files.attachSocket))
  if (plan.files.pidfile !== '') put(T.PIDFILE, s(plan.files.pidfile))
  if (plan.files.amendment !== '') put(T.AMENDMENT, s(plan.files.amendment))
  put(T.LOG, u(logDriver[plan.log.driver]), s(plan.log.path), u(plan.log.maxSize), u(plan.log.maxFiles), b(plan.log.extra))
  for (const argument of plan.cleanup) put(T.CLEANUP_ARG, s(argument))
  if (plan.files.grave !== '') put(T.GRAVE, s(plan.files.grave))
  if (plan.timeout > 0) put(T.STOP_TIMEOUT, u(plan.timeout))
  if (plan.events !== undefined) {
    put(T.EVENTS, s(plan.events.log), s(plan.events.head))
    for (const { phase, members } of plan.events.fixed) put(T.EVENT, u(eventPhase[phase]), s(members))
  }
  if (plan.health !== undefined) putHealth(put, plan.health)
  if (plan.restart.policy !== 'no') put(T.RESTART, u(restartPolicy[plan.restart.policy]), u(plan.restart.most))
  if (plan.attached) put(T.STREAMS, u(1))
}

function putHealth(put: Put, health: NonNullable<RunPlan['health']>): void {
  const times = [health.interval, health.timeout, health.retries, health.startPeriod, health.startInterval].map(u)
  put(T.HEALTH, s(health.file), ...times, u(healthAction[health.action]), b(encodePlan(health.plan)))
  put(T.STOP, u(health.stop.signal), u(health.stop.milliseconds))
}

function putExec(put: Put, plan: ExecPlan): void {
  put(T.ID, s(plan.id))
  put(T.TARGET, u(plan.target.pid), u(plan.target.startTime))
  put(T.NAMESPACES, u(namespaceBits(plan.enter)))
  putProcess(put, plan.process)
  if (plan.events !== undefined) put(T.EVENTS, s(plan.events.log), s(plan.events.head))
  if (plan.cgroup !== '') put(T.CGROUP, u(plan.placed ? cgroupMode.scope : cgroupMode.directory), s(plan.cgroup))
  if (plan.attached) put(T.STREAMS, u(1))
}

function putUnshare(put: Put, { identity, operation }: UnsharePlan): void {
  putIdentity(put, identity)
  put(T.OP, u(unshareOp[operation.kind]))
  switch (operation.kind) {
    case 'exec':
      for (const argument of operation.args) put(T.ARG, s(argument))
      for (const variable of operation.env) put(T.ENV, s(variable))
      break
    case 'apply':
      put(T.OP_PATH, s(operation.directory))
      break
    case 'remove':
    case 'unmount':
      for (const path of operation.paths) put(T.OP_PATH, s(path))
      break
    case 'merge':
      for (const path of [operation.target, ...operation.layers]) put(T.OP_PATH, s(path))
      break
    case 'mount':
      put(T.OP_PATH, s(operation.folder))
      put(T.TARGET, u(operation.owner), u(0))
      putRootfs(put, operation.rootfs)
      break
    case 'probe':
      putRootfs(put, operation.rootfs)
      break
    case 'stat':
      putView(put, operation.view)
      for (const path of operation.paths) put(T.OP_PATH, s(path))
      putFlags(put, { follow: operation.follow, sync: operation.sync ?? false })
      break
    case 'pack':
      putView(put, operation.view)
      for (const path of [operation.path, operation.name]) put(T.OP_PATH, s(path))
      putFlags(put, { follow: operation.follow })
      break
    case 'unpack':
      putView(put, operation.view)
      put(T.OP_PATH, s(operation.directory))
      putFlags(put, { owners: operation.owners, confined: operation.confined, archive: operation.archive ?? false, top: operation.top ?? false })
      break
    case 'changes': {
      const { directory, merged, whiteoutFiles, lower, own, output } = operation.changes
      putView(put, { kind: 'directory', path: directory })
      for (const path of lower) put(T.LOWER, s(path))
      for (const path of own) put(T.OP_OWN, s(path))
      putFlags(put, { merged, 'whiteout-files': whiteoutFiles, names: output === 'names', count: output === 'count', keep: output === 'layer' })
    }
  }
}

function putView(put: Put, view: View): void {
  put(T.VIEW, u(viewKind[view.kind]), s(view.kind === 'directory' ? view.path : ''))
  if (view.kind === 'process' || view.kind === 'process-root') put(T.TARGET, u(view.pid), u(view.startTime))
  if (view.kind !== 'rootfs') return
  putRootfs(put, view.rootfs)
  if (view.readonly) put(T.ROOT_READONLY)
  for (const mount of view.mounts) putMount(put, mount)
}

function putFlags(put: Put, flags: Partial<Record<keyof typeof opFlag, boolean>>): void {
  const bits = Object.entries(flags).reduce((sum, [name, on]) => (on ? sum | opFlag[name as keyof typeof opFlag] : sum), 0)
  if (bits !== 0) put(T.OP_FLAGS, u(bits))
}

function putMount(put: Put, mount: MountPlan): void {
  const attributes = mount.attributes.reduce((bits, name) => bits | mountAttribute[name], 0)
  const flags = mount.flags.reduce((bits, name) => bits | mountFlag[name], 0)
  put(T.MOUNT, u(mountKind[mount.kind]), s(mount.source), s(mount.target), s(mount.data), u(attributes), u(flags), u(mount.mode))
  if (mount.content !== undefined) put(T.MOUNT_CONTENT, b(mount.content))
  for (const layer of mount.layers ?? []) put(T.MOUNT_LOWER, s(layer))
}

function putIdentity(put: Put, identity: Identity): void {
  for (const { container, host, size } of identity.uidMappings) put(T.UID_MAP, u(container), u(host), u(size))
  for (const { container, host, size } of identity.gidMappings) put(T.GID_MAP, u(container), u(host), u(size))
  if (identity.newuidmap !== undefined) put(T.NEWUIDMAP, s(identity.newuidmap))
  if (identity.newgidmap !== undefined) put(T.NEWGIDMAP, s(identity.newgidmap))
  if (identity.denySetgroups) put(T.SETGROUPS_DENY)
}

function putRootfs(put: Put, rootfs: RootfsPlan): void {
  const layered = rootfs.kind !== 'directory'
  const [upper, work, options] = layered ? [rootfs.upper, rootfs.work, rootfs.options] : ['', '', '']
  put(T.ROOTFS, u(rootfsKind[rootfs.kind]), s(rootfs.merged), s(upper), s(work), s(options))
  if (layered) for (const lower of rootfs.lower) put(T.LOWER, s(lower))
  if (rootfs.kind === 'fuse-overlayfs') put(T.FUSE_OVERLAYFS, s(rootfs.program))
}

function putProcess(put: Put, process: ProcessPlan): void {
  for (const argument of process.args) put(T.ARG, s(argument))
  for (const variable of process.env) put(T.ENV, s(variable))
  put(T.CWD, s(process.cwd))
  put(T.USER, s(process.user))
  for (const group of process.groups) put(T.GROUP, s(group))
  if (process.keepGroups) put(T.KEEP_GROUPS)
  put(T.CAPS_ROOT, ...capabilityFields(process.capsRoot))
  put(T.CAPS_USER, ...capabilityFields(process.capsUser))
  if (process.noNewPrivileges) put(T.NO_NEW_PRIVS)
  if (process.seccomp !== undefined) put(T.SECCOMP, b(process.seccomp.program), u(process.seccomp.flags))
  for (const { resource, soft, hard } of process.rlimits) put(T.RLIMIT, u(resource), u(soft), u(hard))
  if (process.umask !== undefined) put(T.UMASK, u(process.umask))
  if (process.oomScoreAdj !== undefined) put(T.OOM_SCORE_ADJ, i(process.oomScoreAdj))
  if (process.terminal !== undefined) put(T.TERMINAL, u(process.terminal.rows), u(process.terminal.columns))
  put(T.STDIN, u(stdinMode[process.stdin]))
  if (process.given !== undefined) put(T.GIVEN, u(process.given))
}

const capabilityFields = (sets: CapabilitySets): Field[] => [u(sets.bounding), u(sets.effective), u(sets.inheritable), u(sets.permitted), u(sets.ambient)]

const namespaceBits = (kinds: NamespaceKind[]) => kinds.reduce((bits, kind) => bits + namespaceBit[kind], 0)
