import { describe, expect, it } from 'vitest'
import { buildSpec } from '../../../lib/plan/build-spec.ts'
import { compileExec } from '../../../lib/plan/compile-exec.ts'
import { type ExecOptions, execProcess } from '../../../lib/plan/exec-process.ts'
import type { OciSpec } from '../../../lib/plan/spec.ts'
import { specText } from '../../../lib/plan/spec-text.ts'
import { encodePlan } from '../../../lib/runtime/encode-plan.ts'
import { runExtra } from '../../helpers/run-extra.ts'
import { id, identities, specInput } from '../../helpers/spec-input.ts'

const plain: ExecOptions = { command: ['ls'], env: [], user: undefined, workdir: undefined, tty: false, interactive: false, privileged: false }
/** The container's specification as it comes back from disk. */
const spec = (...input: Parameters<typeof specInput>) => JSON.parse(specText(buildSpec(specInput(...input)).spec)) as OciSpec
const process = (options: Partial<ExecOptions> = {}, container = spec(), added: string[] = []) =>
  execProcess({ process: container.process!, options: { ...plain, ...options }, identity: identities.user, added, kernelRelease: '6.1.0' })

describe('the process of an exec', () => {
  it("is the container's but for the program", () => {
    const container = spec({
      user: '33',
      workdir: '/w',
      env: ['A=1'],
      ulimits: [{ name: 'core', soft: 0, hard: -1 }],
      securityOpt: ['no-new-privileges'],
      oomScoreAdj: 5,
    })
    expect(process({}, container)).toEqual({ ...container.process, args: ['ls'], terminal: false })
  })

  it.each<[string, Partial<ExecOptions>, object]>([
    ["-e over the container's", { env: ['A=2', 'B=3'] }, { env: expect.arrayContaining(['A=2', 'B=3']) }],
    ['-t brings TERM', { tty: true }, { terminal: true, env: expect.arrayContaining(['TERM=xterm']) }],
    ['-t leaves TERM', { tty: true, env: ['TERM=vt100'] }, { env: expect.not.arrayContaining(['TERM=xterm']) }],
    ['-w', { workdir: '/x' }, { cwd: '/x' }],
    ['-u keeps the rest of the user', { user: 'www:adm' }, { user: { uid: 0, gid: 0, username: 'www:adm', umask: 0o77 } }],
    ['-u ""', { user: '' }, { user: { username: '' } }],
  ])('%s', (_, options, expected) => expect(process(options, spec({ env: ['A=1'], umask: '077' }))).toMatchObject(expected))

  it('has the capabilities of the container, kept for a user where they were added', () => {
    const container = spec({ capAdd: ['NET_ADMIN'], capDrop: ['CHOWN'] })
    expect(process({}, container, ['CAP_NET_ADMIN']).capabilities).toEqual(container.process?.capabilities)
    expect(process({ user: '7' }, container, ['CAP_NET_ADMIN']).capabilities).toMatchObject({
      bounding: container.process?.capabilities?.bounding,
      ambient: ['CAP_NET_ADMIN'],
    })
  })

  it("has root's in a container of a user's", () => {
    const container = spec({ user: '7', capAdd: ['NET_ADMIN'] })
    expect(process({ user: 'root' }, container, ['CAP_NET_ADMIN']).capabilities).toMatchObject({
      effective: container.process?.capabilities?.bounding,
      ambient: [],
      inheritable: [],
    })
  })

  it('has all with --privileged', () => {
    expect(process({ privileged: true }).capabilities?.effective).toHaveLength(41)
    expect(process({ privileged: true, user: '7' }).capabilities).toMatchObject({ ambient: [] })
  })

  it('refuses what can not be', () => {
    expect(() => process({ workdir: 'x' })).toThrow(expect.objectContaining({ message: 'working directory "x" is not an absolute path', exitCode: 126 }))
    expect(() => process({ user: '4294967296' })).toThrow(expect.objectContaining({ exitCode: 125 }))
  })
})

describe('the plan of an exec', () => {
  const plan = (container: OciSpec) =>
    compileExec(container, process({ tty: true }, container), {
      ...runExtra,
      id,
      target: { pid: 7, startTime: 8 },
      cgroup: '/sys/fs/cgroup/c',
      placed: false,
      attached: true,
      terminal: { rows: 1, columns: 2 },
    })

  it('goes where the container is', () => {
    expect(plan(spec())).toMatchObject({
      verb: 'exec',
      target: { pid: 7, startTime: 8 },
      enter: ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'],
      cgroup: '/sys/fs/cgroup/c',
      process: { terminal: { rows: 1, columns: 2 }, seccomp: runExtra.seccomp },
    })
    expect(plan(spec({ pid: 'host', network: 'host', uts: 'host' })).enter).toEqual(['user', 'mnt', 'ipc', 'cgroup'])
    expect(plan(spec({ network: 'container:x' }, { join: { user: '/u', network: '/n' } })).enter).toEqual(['user', 'net', 'mnt', 'pid', 'ipc', 'uts', 'cgroup'])
  })

  it('can be put on the wire', () => expect(encodePlan(plan(spec())).length).toBeGreaterThan(100))
})
