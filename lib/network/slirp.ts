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
 * (slirp4netns(1)). The runtime fills in {user} and {net}, and hands it descriptors 3 (ready) and 4 (exit).
 */
export function planSlirp(input: { program: string; options: SlirpOptions; ports: PublishedPort[]; apiSocket: string }): NetworkPlan {
  const { program, options, ports, apiSocket } = input
  const helper = [
    program,
    '--configure',
    `--mtu=${options.mtu}`,
    `--cidr=${options.cidr}`,
    '--enable-sandbox',
    '--enable-seccomp',
    '--ready-fd=3',
    '--exit-fd=4',
    '--userns-path={user}',
    '--netns-type=path',
  ]
  if (!options.allowHostLoopback) helper.push('--disable-host-loopback')
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
