import { describe, expect, it } from 'vitest'
import { buildSpec } from '../../../lib/plan/build-spec.ts'
import { checkOptions } from '../../../lib/plan/check-options.ts'
import type { CreateOptions } from '../../../lib/plan/options.ts'
import { specText } from '../../../lib/plan/spec-text.ts'
import { identities, plainOptions, specInput } from '../../helpers/spec-input.ts'

const build = (...input: Parameters<typeof specInput>) => buildSpec(specInput(...input)).spec

describe('namespaces', () => {
  const words = (...input: Parameters<typeof specInput>) =>
    build(...input).linux?.namespaces?.map(({ type, path }) => (path === undefined ? type : `${type}=${path}`))
  it.each<[string, Parameters<typeof specInput>, string[]]>([
    ['all', [], ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']],
    ["none of the host's but those two", [{ pid: 'host', network: 'host', ipc: 'host', uts: 'host', cgroupns: 'host' }], ['user', 'mount']],
    ['--network none', [{ network: 'none' }], ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']],
    [
      '--network container',
      [{ network: 'container:x' }, { join: { user: '/u', network: '/n' } }],
      ['user=/u', 'mount', 'pid', 'network=/n', 'ipc', 'uts', 'cgroup'],
    ],
    [
      '--pid and --ipc container',
      [{ pid: 'container:x', ipc: 'container:x' }, { join: { user: '/u', pid: '/p', ipc: '/i' } }],
      ['user=/u', 'mount', 'pid=/p', 'network', 'ipc=/i', 'uts', 'cgroup'],
    ],
  ])('%s', (_, input, expected) => expect(words(...input)).toEqual(expected))

  it.each(Object.entries(identities))('map the ids of %s', (_, identity) => {
    const { linux } = build({ user: undefined }, { identity, defaultUser: identity.uidMappings[0]!.container === 1001 ? '1001:1001' : '' })
    expect(linux?.uidMappings).toEqual(identity.uidMappings.map(({ container, host, size }) => ({ containerID: container, hostID: host, size })))
    expect(linux?.gidMappings).toEqual(linux?.uidMappings)
  })

  it("map nothing in a user namespace that is somebody else's", () =>
    expect(build({}, { join: { user: '/u', network: '/n' } }).linux).not.toHaveProperty('uidMappings'))
})

describe('sysctls', () => {
  const sysctl = (...input: Parameters<typeof specInput>) => build(...input).linux?.sysctl
  const open = (range: string) => ({ 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': range })
  it.each<[string, Parameters<typeof specInput>, object | undefined]>([
    ['an own network is open to everybody in it', [], open('0 65536')],
    ['to the one id', [{}, { identity: identities.single }], open('0 0')],
    ['whichever that is', [{}, { identity: identities.singleKeepId, defaultUser: '1001:1001' }], open('1001 1001')],
    ["another one's is left alone", [{}, { join: { user: '/u', network: '/n' } }], undefined],
    ["the host's is left alone", [{ network: 'host' }], undefined],
    ['what is asked for wins', [{ sysctls: { 'net.ipv4.ping_group_range': '1 0', 'kernel.sem': '1' } }], { ...open('1 0'), 'kernel.sem': '1' }],
  ])('%s', (_, input, expected) => expect(sysctl(...input)).toEqual(expected))
})

describe('host name', () => {
  it('is set in a namespace of its own only', () => {
    expect(build({ domainname: 'lab' }, { hostname: 'box' })).toMatchObject({ hostname: 'box', domainname: 'lab' })
    expect(build({ uts: 'host', domainname: 'lab' })).not.toHaveProperty('hostname')
    expect(build({ uts: 'host', domainname: 'lab' })).not.toHaveProperty('domainname')
  })
})

describe('seccomp', () => {
  const profile = '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}'
  it.each<[string, Partial<CreateOptions>, string | undefined]>([
    ['the default', {}, 'SCMP_ACT_ERRNO'],
    ['the default, by name', { privileged: true, securityOpt: ['seccomp=builtin'] }, 'SCMP_ACT_ERRNO'],
    ['none', { securityOpt: ['seccomp=unconfined'] }, undefined],
    ['none for the privileged', { privileged: true }, undefined],
    ['a profile', { securityOpt: [`seccomp=${profile}`] }, 'SCMP_ACT_ALLOW'],
    ['a profile for the privileged', { privileged: true, securityOpt: [`seccomp=${profile}`] }, 'SCMP_ACT_ALLOW'],
  ])('%s', (_, options, action) => expect(build(options).linux?.seccomp?.defaultAction).toBe(action))
})

it('limits can be read from it', () => {
  const limits = { ...plainOptions.limits, memory: 67108864, memorySwap: -1, cpus: 0.5, pidsLimit: 9 }
  expect(build({ limits }).linux?.resources).toEqual({ memory: { limit: 67108864, swap: -1 }, cpu: { quota: 50000, period: 100000 }, pids: { limit: 9 } })
  expect(build().linux).not.toHaveProperty('resources')
})

it('unlimited is 2^64-1 on disk, and nothing else is touched', () => {
  const text = specText(build({ ulimits: [{ name: 'core', soft: 0, hard: -1 }], env: ['A="hard":18446744073709552000'] }))
  expect(text).toContain('"rlimits":[{"type":"RLIMIT_CORE","soft":0,"hard":18446744073709551615}]')
  expect(JSON.parse(text).process.env).toContain('A="hard":18446744073709552000')
})

describe('before a container is made', () => {
  const check = (options: Partial<CreateOptions>, mounts: { target: string }[] = []) =>
    checkOptions({
      options: { ...plainOptions, command: ['sh'], ...options },
      image: { config: {} },
      mounts: mounts.map(({ target }) => ({ type: 'bind', source: '/src', target, readOnly: false, options: [] })),
      kernelRelease: '6.1.0',
    })
  it('nothing is said of what is well', () =>
    check({ capAdd: ['NET_ADMIN'], devices: ['/dev/nope'], sysctls: { 'net.core.somaxconn': '1' } }, [{ target: '/a' }]))
  it.each<[Partial<CreateOptions>, RegExp]>([
    [{ command: [] }, /^no command specified$/],
    [{ capAdd: ['FOO'] }, /^invalid CapAdd: unknown capability: "CAP_FOO"$/],
    [{ securityOpt: ['foo'] }, /^Invalid --security-opt: "foo"$/],
    [{ sysctls: { 'vm.swappiness': '1' } }, /^sysctl 'vm.swappiness' is not allowed$/],
    [{ sysctls: { 'net.core.somaxconn': '1' }, network: 'host' }, /^sysctl "net.core.somaxconn" not allowed in host network namespace$/],
    [{ sysctls: { 'kernel.sem': '1' }, ipc: 'host' }, /^sysctl "kernel.sem" not allowed in host ipc namespace$/],
    [{ devices: ['fuse'] }, /^fuse is not an absolute path$/],
    [{ tmpfs: { '/t': 'foo' } }, /^invalid tmpfs option/],
  ])('%j is refused', (options, message) => expect(() => check(options)).toThrow(message))
  it('mounts over /proc are refused', () => expect(() => check({}, [{ target: '/proc' }])).toThrow(/not of type proc/))
})
