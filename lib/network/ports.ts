import type { PortOption } from '../plan/options.ts'
import { builtin } from '../system/builtin.ts'
import { LichenError } from '../system/errors.ts'
import { readFile } from '../system/small-files.ts'
import type { PublishedPort } from './slirp.ts'

/**
 * Gives every published port a host port: the one asked for, or a free one. A port that the user may not
 * bind is refused here, where the remedy is known; one that is taken is found out when it is bound.
 */
export async function choosePorts(options: PortOption[]): Promise<PublishedPort[]> {
  if (options.length === 0) return []
  const firstAllowed = await unprivilegedPortStart()
  const ports: PublishedPort[] = []
  for (const option of options) {
    const hostIp = option.hostIp === '' ? '0.0.0.0' : option.hostIp
    if (hostIp.includes(':')) {
      throw new LichenError(`cannot publish on the IPv6 address ${hostIp}: slirp4netns forwards IPv4 only`, {
        code: 'PORT_IPV6',
        hint: 'publish on 0.0.0.0 or 127.0.0.1',
      })
    }
    const hostPort = option.hostPort ?? (await freePort(hostIp, option.protocol))
    if (hostPort < firstAllowed && process.geteuid?.() !== 0) {
      throw new LichenError(`cannot publish port ${hostPort}: ports below ${firstAllowed} need a privilege`, {
        code: 'PORT_PRIVILEGED',
        hint: `use a port from ${firstAllowed} up, or let an administrator run: sysctl net.ipv4.ip_unprivileged_port_start=${hostPort}`,
      })
    }
    ports.push({ hostIp, hostPort, containerPort: option.containerPort, protocol: option.protocol })
  }
  return ports
}

async function unprivilegedPortStart(): Promise<number> {
  const text = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '1024')
  return Number.parseInt(text, 10)
}

async function freePort(hostIp: string, protocol: 'tcp' | 'udp'): Promise<number> {
  if (protocol === 'tcp') {
    const server = builtin.net.createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, hostIp, resolve))
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  const socket = builtin.dgram.createSocket('udp4')
  await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(0, hostIp, resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}
