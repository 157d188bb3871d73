import type { NetworkPlan } from '../plan/plan.ts'
import type { SlirpOptions } from './mode.ts'

export interface PublishedPort {
  hostIp: string
  hostPort: number
  containerPort: number
  protocol: 'tcp' | 'udp'
}

/**
 * slirp4netns for one container: host loopback closed, sandboxed, under seccomp; ports through its API socket
 * (slirp4netns(1)). The runtime starts it as root of the container's user namespace, fills in {net}, and hands it descriptors 3 (ready)
 * and 4 (exit). Where no id 0 is mapped (`rootMapped` false) it enters by itself, and can't make its sandbox, which wants to be root.
 * With ports of the host's root it enters by itself, too: root of a container may bind none below 1024, and make no socket among root's files.
 */
export function planSlirp(input: {
  program: string
  options: SlirpOptions
  ports: PublishedPort[]
  apiSocket: string
  rootMapped?: boolean
  hostRoot?: boolean
  macAddress?: string | undefined
}): NetworkPlan {
  const { program, options, ports, apiSocket, rootMapped = true, hostRoot = false } = input
  const entry = hostRoot && ports.length > 0 ? ['--userns-path={user}', '--enable-sandbox'] : rootMapped ? ['--enable-sandbox'] : ['--userns-path={user}']
  const helper = [
    program,
    '--configure',
    `--mtu=${options.mtu}`,
    `--cidr=${options.cidr}`,
    '--enable-seccomp',
    '--ready-fd=3',
    '--exit-fd=4',
    '--netns-type=path',
    ...entry,
  ]
  if (!options.allowHostLoopback) helper.push('--disable-host-loopback')
  if (input.macAddress !== undefined) helper.push(`--macaddress=${input.macAddress}`)
  if (options.enableIpv6) helper.push('--enable-ipv6')
  if (ports.length > 0) helper.push(`--api-socket=${apiSocket}`)
  helper.push('{net}', 'tap0')
  return { helper, apiSocket: ports.length > 0 ? apiSocket : '', requests: ports.map(addHostForward) }
}

export const noNetworkHelper: NetworkPlan = { helper: [], apiSocket: '', requests: [] }

const addHostForward = (port: PublishedPort) =>
  JSON.stringify({
    execute: 'add_hostfwd',
    arguments: { proto: port.protocol, host_addr: port.hostIp, host_port: port.hostPort, guest_port: port.containerPort },
  })
