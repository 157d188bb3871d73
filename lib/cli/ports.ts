import type { PortOption } from '../plan/options.ts'
import { builtin } from '../system/builtin.ts'
import { invalidArgument, usageError } from './usage-error.ts'

const form = '[IP:][HOST-PORT:]CONTAINER-PORT[/tcp|udp]'

/** `[ip:][host]:container[/proto]`, with ranges (`8000-8010:80-90`) and `[::1]:80:80`. One entry a port. */
export function parsePublish(text: string): PortOption[] {
  const bad = (why: string) => usageError(why, `-p ${text === '' ? "''" : text}: it is ${form}`)
  const [address, protocol = 'tcp', ...more] = text.split('/')
  if (more.length > 0 || address === undefined) throw bad(`Invalid proto: ${protocol}/${more.join('/')}`)
  const proto = protocol.toLowerCase()
  if (proto === 'sctp') throw bad('sctp cannot be forwarded in user mode')
  if (proto !== 'tcp' && proto !== 'udp') throw bad(`Invalid proto: ${protocol}`)

  const match = /^(?:(\[[^\]]*\]|[^:]*):)?(?:([^:]*):)?([^:]*)$/.exec(address)
  if (match === null) throw bad(`Invalid ip address: ${address.slice(0, address.lastIndexOf(':', address.lastIndexOf(':') - 1))}`)
  // With one colon the first group took the host's port.
  const [ip, host, container] = match[2] === undefined ? ['', match[1] ?? '', match[3]!] : [match[1] ?? '', match[2], match[3]!]
  if (container === '') throw bad(`No port specified: ${text}<empty>`)
  const hostIp = ip.replace(/^\[(.*)\]$/, '$1')
  if (hostIp !== '' && builtin.net.isIP(hostIp) === 0) throw bad(`Invalid ip address: ${ip}`)
  const inside = portRange(container, () => bad(`Invalid containerPort: ${container}`))
  // 0 is the kernel's word for a free one.
  if (host === '' || host === '0') return inside.map((containerPort) => ({ hostIp, hostPort: undefined, containerPort, protocol: proto }))
  const outside = portRange(host, () => bad(`Invalid hostPort: ${host}`))
  if (inside.length === outside.length) {
    return inside.map((containerPort, at) => ({ hostIp, hostPort: outside[at], containerPort, protocol: proto }))
  }
  // Docker: a range for one port means "a free one of these"; the first of them is taken here.
  if (inside.length === 1) return [{ hostIp, hostPort: outside[0], containerPort: inside[0]!, protocol: proto }]
  throw bad(`Invalid ranges specified for container and host Ports: ${container} and ${host}`)
}

/** `--expose port[-port][/protocol]`: one entry a port, as images have them. */
export function parseExpose(text: string): string[] {
  const [ports = '', protocol = 'tcp', ...more] = text.split('/')
  const bad = (why: string) => invalidArgument(text, '--expose', why)
  if (more.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol)) throw bad(`invalid proto: ${protocol}`)
  return portRange(ports, () => bad(`invalid range format for --expose: ${text}`)).map((port) => `${port}/${protocol}`)
}

function portRange(text: string, bad: () => Error): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = match?.[2] === undefined ? first : Number(match[2])
  if (match === null || first > last || last > 65535 || first < 1) throw bad()
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
