import type { ContainerView } from '../container/view.ts'
import { commandLine } from '../plan/command-line.ts'
import { allLabels, networkName } from './container-words.ts'
import { goMap } from './template/values.ts'

const never = '0001-01-01T00:00:00Z'

/** Docker's `inspect` document of a container; fields that lichen has no counterpart for hold Docker's empty value. */
export function containerDocument(view: ContainerView) {
  const { record, paths, status, live, exit } = view
  const { options, image } = record
  const [path = '', ...args] = commandLine(record)
  const ports = portMap(view)
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
      Mode: mount.options.join(','),
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
      ExposedPorts: goMap({ ...image.config.ExposedPorts }, null),
      Tty: options.tty,
      OpenStdin: options.interactive,
      StdinOnce: options.interactive && !options.detach,
      Env: [...(image.config.Env ?? []).filter((entry) => !options.env.some((own) => own.split('=', 1)[0] === entry.split('=', 1)[0])), ...options.env],
      Cmd: options.command.length > 0 ? options.command : options.entrypoint === undefined ? (image.config.Cmd ?? null) : null,
      Image: image.reference,
      Volumes: image.config.Volumes === undefined ? null : goMap({ ...image.config.Volumes }, null),
      WorkingDir: options.workdir ?? image.config.WorkingDir ?? '',
      Entrypoint: options.entrypoint ?? image.config.Entrypoint ?? null,
      OnBuild: image.config.OnBuild ?? null,
      Labels: goMap(allLabels(record)),
      StopSignal: options.stopSignal ?? image.config.StopSignal ?? 'SIGTERM',
      // podman's name
      ...(options.secrets?.length ? { Secrets: options.secrets.map(({ name, uid, gid, mode }) => ({ Name: name, UID: uid, GID: gid, Mode: mode })) } : {}),
      ...(options.stopTimeout === undefined ? {} : { StopTimeout: options.stopTimeout }),
      // podman's name
      Timeout: options.timeout ?? 0,
    },
    NetworkSettings: {
      Ports: goMap(ports, null),
      IPAddress: networkName(record) === 'slirp4netns' && live !== undefined ? '10.0.2.100' : '',
      Gateway: networkName(record) === 'slirp4netns' && live !== undefined ? '10.0.2.2' : '',
      Networks: goMap({ [networkName(record)]: { Aliases: null, NetworkID: '', EndpointID: '' } }, null),
    },
  }
}

function portMap({ record, live }: ContainerView): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = {}
  if (live === undefined) return ports
  for (const port of Object.keys(record.image.config.ExposedPorts ?? {})) ports[port.includes('/') ? port : `${port}/tcp`] = null
  Object.assign(ports, bindings(record.ports))
  return ports
}

function bindings(list: readonly { hostIp: string; hostPort: number | undefined; containerPort: number; protocol: string }[]) {
  const ports: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { hostIp, hostPort, containerPort, protocol } of list) {
    const bound = (ports[`${containerPort}/${protocol}`] ??= [])
    bound.push({ HostIp: hostIp, HostPort: hostPort === undefined ? '' : String(hostPort) })
  }
  return ports
}

function hostConfig({ record }: ContainerView) {
  const { options } = record
  const { limits } = options
  return {
    Binds: options.volumes
      .filter(({ type }) => type === 'bind' || type === 'volume')
      .map(({ source, target, readOnly, options: more }) =>
        [source, target, ...(readOnly || more.length > 0 ? [[...(readOnly ? ['ro'] : []), ...more].join(',')] : [])].filter((part) => part !== '').join(':'),
      ),
    ContainerIDFile: options.cidfile ?? '',
    LogConfig: { Type: options.logDriver || 'json-file', Config: goMap({ ...options.logOptions }) },
    NetworkMode: networkName(record),
    PortBindings: goMap(bindings(options.publish), null),
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
    UsernsMode: options.userns,
    ShmSize: options.shmSize,
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
