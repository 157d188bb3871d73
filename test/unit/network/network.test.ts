import { describe, expect, it } from 'vitest'
import { hostsFile, resolvConf } from '../../../lib/network/files.ts'
import { defaultSlirpOptions, parseNetworkMode } from '../../../lib/network/mode.ts'
import { planSlirp } from '../../../lib/network/slirp.ts'

describe('parseNetworkMode', () => {
  it.each(['', 'default', 'bridge', 'private', 'slirp4netns'])('%j is a network of its own', (text) => {
    expect(parseNetworkMode(text)).toEqual({ kind: 'slirp4netns', options: defaultSlirpOptions })
  })
  it('reads options', () => {
    const mode = parseNetworkMode('slirp4netns:mtu=1500,cidr=10.9.8.0/24,allow_host_loopback=true')
    expect(mode).toMatchObject({ options: { mtu: 1500, cidr: '10.9.8.0/24', allowHostLoopback: true } })
  })
  it.each([
    ['nope', 'network nope not found'],
    ['container:', 'Invalid network mode: invalid container format container:<name|id>'],
    ['slirp4netns:mtu=huge', 'a number from 68'],
    ['slirp4netns:what=1', 'one of mtu='],
  ])('%j is refused', (text, message) => {
    expect(() => parseNetworkMode(text)).toThrow(message)
  })
})

describe('planSlirp', () => {
  const input = { program: '/usr/bin/slirp4netns', options: defaultSlirpOptions, apiSocket: '/run/x' }
  it('closes the host loopback and sandboxes the helper', () => {
    const { helper } = planSlirp({ ...input, ports: [] })
    expect(helper).toEqual(expect.arrayContaining(['--disable-host-loopback', '--enable-sandbox', '--enable-seccomp']))
    expect(helper).not.toContainEqual(expect.stringContaining('api-socket'))
  })
  const port = { hostIp: '0.0.0.0', hostPort: 80, containerPort: 80, protocol: 'tcp' } as const
  it.each<[string, Partial<Parameters<typeof planSlirp>[0]>, { sandbox: boolean; itself: boolean }]>([
    ['is started where it is root', { rootMapped: true }, { sandbox: true, itself: false }],
    ['enters by itself where nobody is', { rootMapped: false }, { sandbox: false, itself: true }],
    ["enters by itself for the host's root, who may bind any port", { hostRoot: true, ports: [port] }, { sandbox: true, itself: true }],
    ["but not for the host's root without a port", { hostRoot: true }, { sandbox: true, itself: false }],
  ])('%s', (_, more, { sandbox, itself }) => {
    const { helper } = planSlirp({ ...input, ports: [], ...more })
    expect([helper.includes('--enable-sandbox'), helper.includes('--userns-path={user}')]).toEqual([sandbox, itself])
  })
  it('asks for each port once', () => {
    const { requests, apiSocket } = planSlirp({
      ...input,
      ports: [{ hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'udp' }],
    })
    expect(apiSocket).toBe('/run/x')
    expect(requests.map((text) => JSON.parse(text) as unknown)).toEqual([
      { execute: 'add_hostfwd', arguments: { proto: 'udp', host_addr: '127.0.0.1', host_port: 8080, guest_port: 80 } },
    ])
  })
})

describe('resolvConf', () => {
  const host = '# made by something\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nsearch a.example b.example\noptions edns0\n'
  const none = { servers: [], search: [], options: [] }
  it('puts the own forwarder first and leaves loopback resolvers out', () => {
    expect(resolvConf({ host, own: '10.0.2.3', ...none })).toBe('nameserver 10.0.2.3\nnameserver 192.0.2.1\nsearch a.example b.example\noptions edns0\n')
  })
  it("keeps the host's file as it is with --network host", () => {
    expect(resolvConf({ host, own: undefined, ...none })).toContain('nameserver 127.0.0.53\n')
  })
  it('lets --dns win', () => {
    expect(resolvConf({ host, own: '10.0.2.3', servers: ['1.1.1.1'], search: ['.'], options: ['ndots:1'] })).toBe('nameserver 1.1.1.1\noptions ndots:1\n')
  })
})

describe('hostsFile', () => {
  it('ends in the container itself, with what was added before', () => {
    const text = hostsFile({
      address: '10.0.2.100',
      hostname: 'web',
      domainname: 'example.org',
      extra: [
        { host: 'db', address: '192.0.2.9' },
        { host: 'outside', address: 'host-gateway' },
      ],
      gateway: '10.0.2.2',
    })
    expect(text.split('\n').slice(-4)).toEqual(['192.0.2.9\tdb', '10.0.2.2\toutside', '10.0.2.100\tweb.example.org web', ''])
  })
})
