import { describe, expect, test } from 'vitest'
import { endpointsOf, hostName, inRange, isInsecure, isLoopback, ownEndpoints } from '../../../../lib/image/registry/endpoints.ts'

const bases = (registry: string, config = {}) => endpointsOf(registry, config).map(({ base }) => base)

describe('endpoints', () => {
  test('Docker Hub has another address than name', () => {
    expect(endpointsOf('docker.io', {})).toEqual([{ base: 'https://registry-1.docker.io', host: 'docker.io', insecure: false, mirror: false, another: false }])
  })

  test('mirrors come first, for docker.io alone', () => {
    const config = { 'registry-mirrors': ['https://mirror.example/', 'http://127.0.0.1:5001/proxy/'] }
    expect(bases('docker.io', config)).toEqual(['https://mirror.example', 'http://127.0.0.1:5001/proxy', 'https://registry-1.docker.io'])
    expect(endpointsOf('docker.io', config)[0]).toMatchObject({ host: 'mirror.example', mirror: true, another: true, insecure: false })
    expect(bases('quay.io', config)).toEqual(['https://quay.io'])
  })

  test('nothing is pushed to a mirror', () => {
    expect(ownEndpoints('docker.io', { 'registry-mirrors': ['https://mirror.example'] }).map(({ base }) => base)).toEqual(['https://registry-1.docker.io'])
  })

  test.each(['mirror.example', 'ftp://mirror.example', 'https://user@mirror.example', 'https://mirror.example/?x=1'])('%j is no mirror', (mirror) => {
    expect(() => endpointsOf('docker.io', { 'registry-mirrors': [mirror] })).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }))
  })

  test('plain http only where it is allowed; first on this machine, else second', () => {
    expect(bases('localhost:5000')).toEqual(['http://localhost:5000', 'https://localhost:5000'])
    expect(bases('127.3.4.5')).toEqual(['http://127.3.4.5', 'https://127.3.4.5'])
    expect(bases('[::1]:5000')).toEqual(['http://[::1]:5000', 'https://[::1]:5000'])
    expect(bases('r.example:5000')).toEqual(['https://r.example:5000'])
    expect(bases('r.example:5000', { 'insecure-registries': ['r.example:5000'] })).toEqual(['https://r.example:5000', 'http://r.example:5000'])
  })
})

test.each([
  ['r.example:5000', ['r.example'], true],
  ['r.example:5000', ['r.example:5000'], true],
  ['R.Example:5000', ['r.example:5000'], true],
  ['r.example:5000', ['http://r.example:5000'], true],
  ['r.example:5000', ['r.example:5001'], false],
  ['evilr.example', ['r.example'], false],
  ['10.1.2.3:5000', ['10.0.0.0/8'], true],
  ['11.1.2.3:5000', ['10.0.0.0/8'], false],
  ['r.example', ['0.0.0.0/0'], false],
  ['[fd00::1]:5000', ['fd00::/8'], true],
  ['127.0.0.1.example.com', [], false],
  ['localhost.example.com', [], false],
] as const)('insecure? %s with %j: %s', (host, list, insecure) => {
  expect(isInsecure(host, { 'insecure-registries': [...list] })).toBe(insecure)
})

test.each([
  ['10.255.0.1', '10.0.0.0/8', true],
  ['192.168.1.1', '192.168.1.1/32', true],
  ['192.168.1.2', '192.168.1.1/32', false],
  ['1.2.3.4', '0.0.0.0/0', true],
  ['::1', '0.0.0.0/0', false],
  ['fe80::1', 'fe80::/10', true],
  ['2001:db8::1', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['::ffff:10.0.0.1', '::ffff:10.0.0.0/104', true],
  ['10.0.0.1', '10.0.0.0/33', false],
  ['10.0.0.1', '10.0.0.0/', false],
  ['example.com', '0.0.0.0/0', false],
])('%s in %s: %s', (address, range, inside) => {
  expect(inRange(address, range)).toBe(inside)
})

test('names without ports', () => {
  expect(['localhost:5000', '[::1]:5000', '[::1]', 'r.example'].map(hostName)).toEqual(['localhost', '::1', '::1', 'r.example'])
  expect(isLoopback('LOCALHOST:1')).toBe(true)
  expect(isLoopback('127.0.0.1.nip.io')).toBe(false)
})
