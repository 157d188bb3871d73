import { describe, expect, it } from 'vitest'
import { buildSpec } from '../../../lib/plan/build-spec.ts'
import { commandLine } from '../../../lib/plan/command-line.ts'
import type { CreateOptions } from '../../../lib/plan/options.ts'
import type { SpecInput } from '../../../lib/plan/spec-input.ts'
import { identities, plainOptions, specInput } from '../../helpers/spec-input.ts'

const process = (...input: Parameters<typeof specInput>) => buildSpec(specInput(...input)).spec.process!

describe('program and arguments', () => {
  it.each<[Partial<CreateOptions>, { Entrypoint?: string[] | null; Cmd?: string[] | null }, string[]]>([
    [{}, { Cmd: ['sh'] }, ['sh']],
    [{}, { Entrypoint: ['/e'], Cmd: ['a'] }, ['/e', 'a']],
    [{ command: ['x', 'y'] }, { Entrypoint: ['/e'], Cmd: ['a'] }, ['/e', 'x', 'y']],
    [{ command: ['x'] }, { Entrypoint: null, Cmd: null }, ['x']],
    [{ entrypoint: ['/o'] }, { Entrypoint: ['/e'], Cmd: ['a'] }, ['/o']],
    [{ entrypoint: ['/o'], command: ['x'] }, { Entrypoint: ['/e'], Cmd: ['a'] }, ['/o', 'x']],
    [{ entrypoint: [], command: ['x'] }, { Entrypoint: ['/e'], Cmd: ['a'] }, ['x']],
    [{ entrypoint: [] }, { Entrypoint: ['/e'], Cmd: ['a'] }, []],
  ])('%j over %j', (options, config, words) => expect(commandLine({ options: { ...plainOptions, ...options }, image: { config } })).toEqual(words))

  it('there must be one', () => expect(() => process({}, { image: {} })).toThrow(expect.objectContaining({ message: 'no command specified', exitCode: 125 })))
})

describe('environment', () => {
  const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  it.each<[string, Partial<CreateOptions>, string[] | null, string[]]>([
    ['the basics', {}, null, [PATH, 'HOSTNAME=box']],
    ['a terminal', { tty: true }, null, [PATH, 'HOSTNAME=box', 'TERM=xterm']],
    ['the image over the basics', {}, ['PATH=/bin', 'A=1'], ['PATH=/bin', 'HOSTNAME=box', 'A=1']],
    ['the user over the image', { env: ['A=2', 'B=x=y', 'A=3'] }, ['A=1'], [PATH, 'HOSTNAME=box', 'A=3', 'B=x=y']],
    ["a terminal of the user's", { tty: true, env: ['TERM=dumb', 'HOSTNAME='] }, [], [PATH, 'HOSTNAME=', 'TERM=dumb']],
  ])('%s', (_, options, Env, expected) => expect(process(options, { hostname: 'box', image: { Cmd: ['sh'], Env } }).env).toEqual(expected))
})

describe('user', () => {
  it.each<[string, Parameters<typeof specInput>, object]>([
    ['nobody said', [], { uid: 0, gid: 0, username: '', umask: 0o22 }],
    ['the image', [{}, { image: { Cmd: ['sh'], User: 'www:adm' } }], { uid: 0, gid: 0, username: 'www:adm' }],
    ['--user over the image', [{ user: '33:44' }, { image: { Cmd: ['sh'], User: 'www' } }], { uid: 33, gid: 44, username: '33:44' }],
    [
      'keep-id over the image',
      [{}, { identity: identities.keepId, defaultUser: '1001:1001', image: { Cmd: ['sh'], User: 'www' } }],
      { uid: 1001, gid: 1001, username: '1001:1001' },
    ],
    ['--user over keep-id', [{ user: 'root' }, { identity: identities.keepId, defaultUser: '1001:1001' }], { uid: 0, username: 'root' }],
    ['groups by number; names go beside it', [{ groupAdd: ['5', 'wheel', 'keep-groups'] }], { additionalGids: [5] }],
    ['umask', [{ umask: '077' }], { umask: 0o77 }],
    ['the last id', [{ user: '65536' }], { uid: 65536 }],
  ])('%s', (_, input, expected) => expect(process(...input).user).toMatchObject(expected))

  it.each<[string, Partial<SpecInput>, string]>([
    ['4294967296', {}, 'uids and gids must be in range 0-2147483647'],
    ['-1', {}, 'uids and gids must be in range 0-2147483647'],
    ['1:99999999999', {}, 'uids and gids must be in range 0-2147483647'],
    ['1:2:3', {}, 'invalid user: "1:2:3"'],
    ['65537', {}, 'there is no user id 65537 in this container: it has 0-65536'],
    ['0:70000', {}, 'there is no group id 70000 in this container: it has 0-65536'],
    ['1000', { identity: identities.single }, 'there is no user id 1000 in this container: it has 0 only'],
    ['0', { identity: identities.singleKeepId }, 'there is no user id 0 in this container: it has 1001 only'],
  ])('%s is refused', (user, rest, message) => expect(() => process({ user }, rest)).toThrow(expect.objectContaining({ message, exitCode: 125 })))

  it('no group can be added that the container has not', () =>
    expect(() => process({ groupAdd: ['70000'] })).toThrow('there is no group id 70000 in this container: it has 0-65536'))

  it('no group can be added without ids for it', () =>
    expect(() => process({ groupAdd: ['5'] }, { identity: identities.single })).toThrow('--group-add needs subordinate group ids, and you have none'))
})

describe('capabilities', () => {
  const caps = (options: Partial<CreateOptions>) => process(options).capabilities!
  it('are none of another user than root, not even for execve', () => {
    expect(caps({ user: '1000' })).toEqual({ bounding: caps({}).bounding, effective: [], permitted: [], inheritable: [], ambient: [] })
    expect(caps({}).inheritable).toEqual([])
  })
  it('that are added by name stay with a user', () => {
    expect(caps({ user: '1000', capAdd: ['NET_ADMIN'] })).toMatchObject({ ambient: ['CAP_NET_ADMIN'], inheritable: ['CAP_NET_ADMIN'] })
    expect(caps({ user: 'root:adm', capAdd: ['NET_ADMIN'] })).toMatchObject({ ambient: [], inheritable: [] })
    expect(caps({ user: '1000', privileged: true })).toMatchObject({ ambient: [] })
  })
})

describe('rlimits', () => {
  const rlimits = (...input: Parameters<typeof specInput>) => process(...input).rlimits
  const unlimited = 2 ** 64
  it.each<[string, Parameters<typeof specInput>, object[] | undefined]>([
    ['none', [], undefined],
    ['asked for', [{ ulimits: [{ name: 'nofile', soft: 1024, hard: 2048 }] }], [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 2048 }]],
    ['unlimited', [{ ulimits: [{ name: 'core', soft: -1, hard: -1 }] }], [{ type: 'RLIMIT_CORE', soft: unlimited, hard: unlimited }]],
    ['of the configuration', [{}, { defaultUlimits: [{ name: 'core', soft: 0, hard: -1 }] }], [{ type: 'RLIMIT_CORE', soft: 0, hard: unlimited }]],
    [
      'asked for over those',
      [
        { ulimits: [{ name: 'core', soft: 1, hard: 2 }] },
        {
          defaultUlimits: [
            { name: 'core', soft: 0, hard: 0 },
            { name: 'stack', soft: 7, hard: 8 },
          ],
        },
      ],
      [
        { type: 'RLIMIT_CORE', soft: 1, hard: 2 },
        { type: 'RLIMIT_STACK', soft: 7, hard: 8 },
      ],
    ],
  ])('%s', (_, input, expected) => expect(rlimits(...input)).toEqual(expected))

  it("above one's own are an error when asked for", () => {
    expect(() => rlimits({ ulimits: [{ name: 'nofile', soft: 1, hard: 1048577 }] })).toThrow('ulimit nofile=1048577 is above your own hard limit, 1048576')
    expect(() => rlimits({ ulimits: [{ name: 'nofile', soft: -1, hard: -1 }] })).toThrow('ulimit nofile=unlimited is above your own hard limit, 1048576')
  })

  it("above one's own are lowered, and said, when they are the configuration's", () => {
    const { spec, warnings } = buildSpec(specInput({}, { defaultUlimits: [{ name: 'nofile', soft: -1, hard: -1 }] }))
    expect(spec.process?.rlimits).toEqual([{ type: 'RLIMIT_NOFILE', soft: 1048576, hard: 1048576 }])
    expect(warnings).toEqual(['default-ulimits: nofile is lowered to your own hard limit, 1048576'])
  })
})

it.each([
  [undefined, undefined, '/'],
  ['/w', '/i', '/w'],
  [undefined, 'app', '/app'],
  [undefined, '', '/'],
  ['/a/../b//c', undefined, '/b/c'],
])('working directory: %s over %s', (workdir, WorkingDir, cwd) =>
  expect(process({ workdir }, { image: { Cmd: ['sh'], ...(WorkingDir === undefined ? {} : { WorkingDir }) } }).cwd).toBe(cwd),
)

it('no_new_privs and the OOM score are set where asked for', () => {
  expect(process()).toMatchObject({ noNewPrivileges: false })
  expect(process()).not.toHaveProperty('oomScoreAdj')
  expect(process({ securityOpt: ['no-new-privileges'], oomScoreAdj: 0 })).toMatchObject({ noNewPrivileges: true, oomScoreAdj: 0 })
})
