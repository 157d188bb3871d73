import { expect, test } from 'vitest'
import { publishedLines } from '../../../lib/cli/published-ports.ts'

const ports = [
  { hostIp: '0.0.0.0', hostPort: 8443, containerPort: 443, protocol: 'tcp' as const },
  { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' as const },
  { hostIp: '0.0.0.0', hostPort: 8081, containerPort: 80, protocol: 'tcp' as const },
  { hostIp: '0.0.0.0', hostPort: 5353, containerPort: 53, protocol: 'udp' as const },
]

test('all, by number', () => {
  expect(publishedLines(ports, undefined, 'web')).toEqual([
    '53/udp -> 0.0.0.0:5353',
    '80/tcp -> 0.0.0.0:8081',
    '80/tcp -> 127.0.0.1:8080',
    '443/tcp -> 0.0.0.0:8443',
  ])
})

test.each([
  ['80', ['0.0.0.0:8081', '127.0.0.1:8080']],
  ['80/tcp', ['0.0.0.0:8081', '127.0.0.1:8080']],
  ['53/udp', ['0.0.0.0:5353']],
])('of %s the side of the host', (wanted, lines) => {
  expect(publishedLines(ports, wanted, 'web')).toEqual(lines)
})

test.each([
  ['53', "No public port '53' published for web"],
  ['80/udp', "No public port '80/udp' published for web"],
  ['http', 'invalid port (http): strconv.ParseUint: parsing "http": invalid syntax'],
  ['65536', 'invalid port (65536): strconv.ParseUint: parsing "65536": value out of range'],
])("of %s Docker's words", (wanted, message) => {
  expect(() => publishedLines(ports, wanted, 'web')).toThrow(expect.objectContaining({ message, exitCode: 1 }))
})
