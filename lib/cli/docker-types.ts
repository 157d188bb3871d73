import { systemPaths } from '../plan/default-paths.ts'
import type { CreateOptions } from '../plan/options.ts'
import { parseSecurityOptions } from '../plan/security-options.ts'
import { parseDevice } from '../plan/spec-devices.ts'
import { goStruct, nilList, nilMap } from './template/values.ts'

type Fields = Record<string, unknown>

/** What Docker's documents have and no container here can have a value for. */
const hostConfig: () => Fields = () => ({
  VolumeDriver: '', VolumesFrom: null, ConsoleSize: [0, 0], Cgroup: '', Links: null, Isolation: '', BlkioWeight: 0, BlkioWeightDevice: [], BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [], BlkioDeviceReadIOps: [], BlkioDeviceWriteIOps: [], CpuPeriod: 0, CpuQuota: 0, CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0, CpusetMems: '',
  DeviceCgroupRules: null, DeviceRequests: null, MemorySwappiness: null, OomKillDisable: false, CpuCount: 0, CpuPercent: 0, IOMaximumIOps: 0, IOMaximumBandwidth: 0,
}) // biome-ignore format: a list
const networkSettings: () => Fields = () => ({
  Bridge: '', SandboxID: '', SandboxKey: '', HairpinMode: false, LinkLocalIPv6Address: '', LinkLocalIPv6PrefixLen: 0, SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null, EndpointID: '', Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0, IPAddress: '', IPPrefixLen: 0, IPv6Gateway: '', MacAddress: '',
}) // biome-ignore format: a list
const endpoint: () => Fields = () => ({
  IPAMConfig: null, Links: null, Aliases: null, MacAddress: '', NetworkID: '', EndpointID: '', Gateway: '', IPAddress: '', IPPrefixLen: 0, IPv6Gateway: '',
  GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0, DriverOpts: null, DNSNames: null,
}) // biome-ignore format: a list
const imageConfig: () => Fields = () => ({
  Hostname: '', Domainname: '', User: '', AttachStdin: false, AttachStdout: false, AttachStderr: false, Tty: false, OpenStdin: false, StdinOnce: false, Image: '',
}) // biome-ignore format: a list

/** Fields that Go calls otherwise than JSON does. */
const hostConfigNames = {
  DNS: 'Dns', DNSOptions: 'DnsOptions', DNSSearch: 'DnsSearch', CPUShares: 'CpuShares', NanoCPUs: 'NanoCpus', CPUPeriod: 'CpuPeriod', CPUQuota: 'CpuQuota',
  CPURealtimePeriod: 'CpuRealtimePeriod', CPURealtimeRuntime: 'CpuRealtimeRuntime', CPUCount: 'CpuCount', CPUPercent: 'CpuPercent',
} // biome-ignore format: pairs

const lists = ['Binds', 'CapAdd', 'CapDrop', 'ExtraHosts', 'GroupAdd', 'SecurityOpt', 'Links', 'VolumesFrom', 'DeviceCgroupRules', 'DeviceRequests', 'Cmd']
lists.push('Entrypoint', 'OnBuild', 'Env', 'ExecIDs', 'Aliases', 'DNSNames', 'SecondaryIPAddresses', 'SecondaryIPv6Addresses', 'RepoTags', 'RepoDigests')
const maps = ['Volumes', 'Labels', 'DriverOpts']

interface ContainerParts {
  State: object
  HostConfig: object & { Devices: readonly unknown[] }
  Config: object
  NetworkSettings: object & { Networks: Record<string, object> }
  Mounts: readonly object[]
}

/**
 * Gives a container's document the fields and types of Docker's, which tools read and templates run on: fields that it always
 * has, those that it leaves out when they are empty, null for a list that was never set and `[]` to a template.
 */
export function withDockerTypes<T extends ContainerParts>(document: T, options: CreateOptions): T {
  const { State, HostConfig, Config, NetworkSettings, Mounts } = document as ContainerParts
  const { mask, unmask, unconfinedPaths } = parseSecurityOptions(options.securityOpt)
  const { masked, readonly } = systemPaths({ privileged: options.privileged, unconfined: unconfinedPaths, mask, unmask }, { thermalThrottle: [] })
  add(HostConfig, { ...hostConfig(), MaskedPaths: masked.length > 0 ? masked : null, ReadonlyPaths: readonly.length > 0 ? readonly : null })
  const [nodes, byName] = [options.devices.filter((text) => text.startsWith('/')), options.devices.filter((text) => !text.startsWith('/'))]
  HostConfig.Devices = nodes.map(deviceDocument)
  if (byName.length > 0) Object.assign(HostConfig, { DeviceRequests: [{ Driver: 'cdi', Count: 0, DeviceIDs: byName, Capabilities: [], Options: {} }] })
  add(NetworkSettings, networkSettings())
  for (const network of Object.values(NetworkSettings.Networks)) goTypes(add(network, endpoint()), {})
  goTypes(document, { ID: 'Id' }, { SizeRw: null, SizeRootFs: null })
  goTypes(State, {}, { Health: null })
  goTypes(HostConfig, hostConfigNames, { Tmpfs: nilMap(), Sysctls: nilMap(), Mounts: nilList(), Annotations: nilMap(), Init: null, StorageOpt: nilMap() })
  goTypes(
    Config,
    {},
    { ExposedPorts: nilMap(), StopSignal: '', StopTimeout: null, Healthcheck: null, Shell: nilList(), MacAddress: '', NetworkDisabled: false },
  )
  goTypes(NetworkSettings, {})
  for (const mount of Mounts) goTypes(mount, {}, { Name: '', Driver: '' })
  return document
}

/** The same for an image's. */
export function withDockerImageTypes<T extends { Config: object }>(document: T): T {
  add(document.Config, imageConfig())
  goTypes(document, { ID: 'Id' }, { Variant: '', OsVersion: '' })
  goTypes(document.Config, {}, { ExposedPorts: nilMap(), StopSignal: '', StopTimeout: null, Healthcheck: null, Shell: nilList() })
  return document
}

/** A binding of a port. */
export const portBinding = <T extends { HostIp: string }>(binding: T): T => goStruct(binding, { names: { HostIP: 'HostIp' } })

function deviceDocument(text: string) {
  const { source, target } = parseDevice(text)
  return { PathOnHost: source, PathInContainer: target, CgroupPermissions: 'rwm' }
}

function add(target: object, fields: Fields): object {
  for (const [name, value] of Object.entries(fields)) if (!Object.hasOwn(target, name)) (target as Fields)[name] = value
  return target
}

/** `omitted`: fields that are left out of the JSON where they are empty, with the value that a template finds then. */
function goTypes(target: object, names: Readonly<Record<string, string>>, omitted: Fields = {}): void {
  const fields = target as Fields
  const absent: Fields = {}
  for (const [name, value] of Object.entries(omitted)) {
    if (!isEmpty(fields[name])) continue
    delete fields[name]
    absent[name] = value
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null) continue
    if (lists.includes(name)) fields[name] = nilList()
    else if (maps.includes(name)) fields[name] = nilMap()
  }
  goStruct(target, { names, absent })
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
