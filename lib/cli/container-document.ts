import type { ContainerView } from '../container/view.ts'
import { commandLine } from '../plan/command-line.ts'
import { mergeHealthcheck } from '../plan/health.ts'
import { idMapLines } from '../plan/id-map-lines.ts'
import { allLabels, networkName } from './container-words.ts'
import { portBinding, withDockerTypes } from './docker-types.ts'
import { goMap } from './template/values.ts'

const never = '0001-01-01T00:00:00Z'

/** Docker's `inspect` document of a container; fields that lichen has no counterpart for hold Docker's empty value. */
export const containerDocument = (view: ContainerView) => withDockerTypes(facts(view), view.record.options)

function facts(view: ContainerView) {
  const { record, paths, status, live, exit } = view
  const { options, image } = record
  const [path = '', ...args] = commandLine(record)
  const ports = portMap(view)
  const healthcheck = mergeHealthcheck(options.health, image.config.Healthcheck)
  return {
    Id: record.id,
    Created: record.created,
    Path: path,
    Args: args,
    State: {
      Status: status,
      Running: ['running', 'paused', 'restarting'].includes(status),
      Paused: status === 'paused',
      Restarting: status === 'restarting',
      OOMKilled: exit?.oomKilled ?? false,
      Dead: status === 'dead',
      Pid: live?.pid ?? 0,
      ExitCode: exit?.exitCode ?? 0,
      Error: exit?.error ?? '',
      StartedAt: live?.startedAt ?? exit?.startedAt ?? never,
      FinishedAt: exit?.finishedAt ?? live?.last?.finishedAt ?? never,
      ...(view.health === undefined ? {} : { Health: view.health }),
      // podman's names
      ConmonPid: live?.monitorPid ?? 0,
      CgroupPath: live?.cgroup ?? '',
    },
    Image: image.id,
    // podman's name
    ImageName: image.reference,
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: options.logDriver === 'none' ? '' : paths.log,
    // podman's name of the OCI specification that is kept beside the record
    OCIConfigPath: paths.spec,
    Name: `/${record.name}`,
    RestartCount: live?.restarts ?? exit?.restarts ?? 0,
    Driver: record.storageDriver,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: hostConfig(view),
    GraphDriver: { Name: record.storageDriver, Data: goMap({ MergedDir: paths.merged, UpperDir: paths.upper, WorkDir: paths.work }) },
    Mounts: record.mounts.map((mount) => ({
      Type: mount.type,
      Name: mount.name,
      Source: mount.source,
      Destination: mount.target,
      Driver: mount.type === 'volume' ? 'local' : '',
      Mode: [...(mount.readOnly ? ['ro'] : []), ...mount.options].join(','),
      RW: !mount.readOnly,
      Propagation: mount.options.find((option) => /^r?(private|shared|slave)$/.test(option)) ?? (mount.type === 'bind' ? 'rprivate' : ''),
    })),
    Config: {
      Hostname: options.hostname ?? record.id.slice(0, 12),
      Domainname: options.domainname ?? '',
      User: options.user ?? image.config.User ?? '',
      AttachStdin: options.interactive && !options.detach,
      AttachStdout: !options.detach,
      AttachStderr: !options.detach,
      ExposedPorts: goMap(exposedPorts(view), null, 'nat.Port'),
      Tty: options.tty,
      OpenStdin: options.interactive,
      StdinOnce: options.interactive && !options.detach,
      Env: [...options.env, ...(image.config.Env ?? []).filter((entry) => !options.env.some((own) => own.split('=', 1)[0] === entry.split('=', 1)[0]))],
      Cmd: options.command.length > 0 ? options.command : options.entrypoint === undefined ? (image.config.Cmd ?? null) : null,
      Image: image.reference,
      Volumes: volumes(view),
      WorkingDir: options.workdir ?? image.config.WorkingDir ?? '',
      Entrypoint: options.entrypoint ?? image.config.Entrypoint ?? null,
      ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
      OnBuild: image.config.OnBuild ?? null,
      Labels: goMap(allLabels(record)),
      StopSignal: options.stopSignal ?? image.config.StopSignal ?? '',
      // podman's name
      ...(options.secrets?.length ? { Secrets: options.secrets.map(({ name, uid, gid, mode }) => ({ Name: name, UID: uid, GID: gid, Mode: mode })) } : {}),
      ...(options.stopTimeout === undefined ? {} : { StopTimeout: options.stopTimeout }),
      // podman's name
      Timeout: options.timeout ?? 0,
    },
    NetworkSettings: {
      Ports: goMap(ports, null, 'nat.Port'),
      ...address(view),
      Networks: goMap({ [networkName(record)]: { Aliases: null, NetworkID: '', EndpointID: '', ...address(view) } }, null),
    },
  }
}

/** What slirp4netns gives every container of its own. */
function address({ record, live }: ContainerView) {
  if (networkName(record) !== 'slirp4netns' || live === undefined) return { IPAddress: '', Gateway: '', IPPrefixLen: 0 }
  const [, net = '10.0.2', bits = '24'] = /[:,]cidr=(\d+\.\d+\.\d+)\.\d+\/(\d+)/.exec(record.options.network) ?? []
  return { IPAddress: `${net}.100`, Gateway: `${net}.2`, IPPrefixLen: Number(bits) }
}

function portMap({ record, live }: ContainerView): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = {}
  if (live === undefined) return ports
  for (const port of Object.keys(record.image.config.ExposedPorts ?? {})) ports[port.includes('/') ? port : `${port}/tcp`] = null
  Object.assign(ports, bindings(record.ports))
  return ports
}

/** Those of the image and those that are published. */
function exposedPorts({ record }: ContainerView): Record<string, object> {
  const published = record.options.publish.map(({ containerPort, protocol }) => [`${containerPort}/${protocol}`, {}])
  const asked = (record.options.expose ?? []).map((port) => [port, {}])
  return { ...record.image.config.ExposedPorts, ...Object.fromEntries([...asked, ...published]) }
}

/** Places of volumes without a name: the image's, and `-v /path`. */
function volumes({ record }: ContainerView): Record<string, object> | null {
  const { Volumes: ofImage } = record.image.config
  const anonymous = record.options.volumes.filter(({ type, source }) => type === 'volume' && source === '')
  if (ofImage === undefined && anonymous.length === 0) return null
  return goMap({ ...ofImage, ...Object.fromEntries(anonymous.map(({ target }) => [target, {}])) }, null)
}

function bindings(list: readonly { hostIp: string; hostPort: number | undefined; containerPort: number; protocol: string }[]) {
  const ports: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { hostIp, hostPort, containerPort, protocol } of list) {
    const bound = (ports[`${containerPort}/${protocol}`] ??= [])
    bound.push(portBinding({ HostIp: hostIp, HostPort: hostPort === undefined ? '' : String(hostPort) }))
  }
  return ports
}

function binds({ options }: ContainerView['record']): string[] | null {
  const list = options.volumes
    .filter(({ type, source }) => (type === 'bind' || type === 'volume') && source !== '')
    .map(({ source, target, readOnly, options: more }) =>
      [source, target, ...(readOnly || more.length > 0 ? [[...(readOnly ? ['ro'] : []), ...more].join(',')] : [])].join(':'),
    )
  return list.length > 0 ? list : null
}

function hostConfig({ record }: ContainerView) {
  const { options } = record
  const { limits } = options
  return {
    Binds: binds(record),
    ContainerIDFile: options.cidfile ?? '',
    LogConfig: { Type: options.logDriver || 'json-file', Config: goMap({ ...options.logOptions }) },
    NetworkMode: networkName(record),
    PortBindings: goMap(bindings(options.publish), null, 'nat.Port'),
    RestartPolicy: { Name: options.restart?.policy ?? 'no', MaximumRetryCount: options.restart?.most ?? 0 },
    AutoRemove: options.remove,
    CapAdd: options.capAdd.length > 0 ? options.capAdd : null,
    CapDrop: options.capDrop.length > 0 ? options.capDrop : null,
    CgroupnsMode: options.cgroupns,
    Dns: options.dns,
    DnsOptions: options.dnsOptions,
    DnsSearch: options.dnsSearch,
    ExtraHosts: options.addHosts.length > 0 ? options.addHosts.map(({ host, address }) => `${host}:${address}`) : null,
    GroupAdd: options.groupAdd.length > 0 ? options.groupAdd : null,
    IpcMode: options.ipc,
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: options.pid === 'private' ? '' : options.pid,
    Privileged: options.privileged,
    PublishAllPorts: options.publishAll,
    ReadonlyRootfs: options.readOnly,
    SecurityOpt: options.securityOpt.length > 0 ? options.securityOpt : null,
    Tmpfs: goMap({ ...options.tmpfs }),
    UTSMode: options.uts === 'private' ? '' : options.uts,
    UsernsMode: options.idMaps === undefined ? options.userns : 'private',
    ...(options.idMaps === undefined ? {} : { IDMappings: { UidMap: idMapLines(options.idMaps.uids), GidMap: idMapLines(options.idMaps.gids) } }),
    ShmSize: options.shmSize ?? 67108864,
    Sysctls: goMap({ ...options.sysctls }),
    VolumesFrom: options.volumesFrom?.length ? options.volumesFrom.map(({ container, readOnly }) => (readOnly ? `${container}:ro` : container)) : null,
    Runtime: 'lichen-runtime',
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memory ?? 0,
    NanoCpus: Math.round((limits.cpus ?? 0) * 1e9),
    CgroupParent: options.cgroupParent ?? '',
    BlkioWeight: limits.blkioWeight ?? 0,
    CpuPeriod: limits.cpuPeriod ?? 0,
    CpuQuota: limits.cpuQuota ?? 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    Devices: options.devices,
    MemoryReservation: limits.memoryReservation ?? 0,
    MemorySwap: limits.memorySwap ?? 0,
    PidsLimit: limits.pidsLimit ?? null,
    Ulimits: options.ulimits.map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
    Init: options.init,
  }
}
