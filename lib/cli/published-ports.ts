import type { ContainerRecord } from '../container/record.ts'
import { usageError } from './usage-error.ts'

/** Lines of `port`: `80/tcp -> 0.0.0.0:8080`, or of one port the host's side of it alone. Throws USAGE in Docker's words. */
export function publishedLines(ports: ContainerRecord['ports'], wanted: string | undefined, container: string): string[] {
  const host = ({ hostIp, hostPort }: ContainerRecord['ports'][number]) => `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:${hostPort}`
  if (wanted === undefined) {
    const lines = ports.map((port) => ({ ...port, line: `${port.containerPort}/${port.protocol} -> ${host(port)}` }))
    return lines.sort((a, b) => a.containerPort - b.containerPort || (a.line < b.line ? -1 : 1)).map(({ line }) => line)
  }
  const [number = '', protocol = ''] = wanted.split('/', 2)
  if (!/^\d+$/.test(number)) throw usageError(`invalid port (${number}): strconv.ParseUint: parsing ${JSON.stringify(number)}: invalid syntax`, undefined, 1)
  if (Number(number) > 65535)
    throw usageError(`invalid port (${number}): strconv.ParseUint: parsing ${JSON.stringify(number)}: value out of range`, undefined, 1)
  const found = ports.filter((port) => port.containerPort === Number(number) && port.protocol === (protocol || 'tcp'))
  if (found.length === 0) throw usageError(`No public port '${wanted}' published for ${container}`, undefined, 1)
  return found.map(host).sort()
}
