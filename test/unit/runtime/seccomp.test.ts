import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultSeccomp } from '../../../lib/plan/seccomp-profile.ts'
import type { OciSeccomp, SeccompArgument } from '../../../lib/plan/spec.ts'
import { seccompProgram } from '../../../lib/runtime/seccomp.ts'
import { addon } from '../../../lib/system/addon.ts'
import { ALLOW, auditArch, errno, runFilter } from '../../helpers/bpf.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-seccomp-'))
const probe = join(folder, 'probe')
beforeAll(() => {
  execFileSync('cc', ['-O1', '-o', probe, new URL('../../fixtures/seccomp-probe.c', import.meta.url).pathname])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const [EPERM, EFAULT, ENOSYS] = [1, 14, 38]
/** Numbers of x86-64 and of the machines that took the newer, common table. */
const nr = (
  process.arch === 'x64'
    ? { read: 0, getpid: 39, socket: 41, clone: 56, mkdirat: 258, personality: 135, chroot: 161, mount: 165, keyctl: 250, unshare: 272, getppid: 110 }
    : { read: 63, getpid: 172, socket: 198, clone: 220, mkdirat: 34, personality: 92, chroot: 51, mount: 40, keyctl: 219, unshare: 97, getppid: 173 }
) as Record<string, number>

/** Puts a process under the filter and gives what each call answered. */
function install(profile: OciSeccomp, calls: string[]): { errnos: number[]; signal: string | null } {
  const { program, flags } = addon.seccompProgram({ profile })
  const file = join(folder, 'filter')
  writeFileSync(file, program)
  const { stdout, stderr, signal } = spawnSync(probe, [file, String(flags), ...calls.map((call) => call.replace(/^[a-z]+/, (name) => String(nr[name])))], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return { errnos: stdout.trim().split('\n').filter(Boolean).map(Number), signal }
}

const answers = (profile: OciSeccomp, calls: Record<string, number>) => {
  const { errnos } = install(profile, Object.keys(calls))
  expect(Object.fromEntries(Object.keys(calls).map((call, at) => [call, errnos[at]]))).toEqual(calls)
}

const dockers = defaultSeccomp({ capabilities: ['CAP_SYS_CHROOT'], architecture: process.arch, kernelRelease: '6.1.0' })
const openBut = (...syscalls: NonNullable<OciSeccomp['syscalls']>): OciSeccomp => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls })
const condition = (op: SeccompArgument['op'], value: number, valueTwo?: number, index = 0): SeccompArgument => ({
  index,
  op,
  value,
  ...(valueTwo === undefined ? {} : { valueTwo }),
})

describe('under the default profile the kernel', () => {
  test('serves ordinary calls and refuses the others', () => {
    answers(dockers, { getpid: 0, mount: EPERM, keyctl: EPERM, 'unshare:0': EPERM, '425:1': EPERM, 'chroot:1': EFAULT, '435:0': ENOSYS })
  })

  test('makes sockets of good families, also where a high bit hides a bad one', () => {
    answers(dockers, {
      'socket:1:1': 0,
      'socket:2:1': 0,
      'socket:16:3': 0,
      'socket:38:5': EPERM,
      'socket:40:1': EPERM,
      'socket:4294967336:1': EPERM,
      'socket:4294967334:5': EPERM,
    })
  })

  test('clones no namespaces and sets harmless personalities only', () => {
    answers(dockers, {
      'clone:0x10000000': EPERM,
      'clone:0x40000000': EPERM,
      'personality:0xffffffff': 0,
      'personality:0': 0,
      'personality:0x20000': 0,
      'personality:0x40000': EPERM,
    })
  })

  test('answers ENOSYS for calls that are newer than the profile', () => {
    answers(dockers, { 600: ENOSYS, 4000: ENOSYS })
  })
})

test.runIf(process.arch === 'x64')('the other two ways into an x86-64 kernel are filtered by their own numbers', () => {
  const { program } = addon.seccompProgram({ profile: dockers })
  const i386 = { arch: auditArch.ia32 }
  const x32 = 0x40000000
  expect(runFilter(program, { nr: 20, ...i386 })).toBe(ALLOW)
  expect(runFilter(program, { nr: 21, ...i386 })).toBe(errno(EPERM))
  expect(runFilter(program, { nr: 359, args: [40], ...i386 })).toBe(errno(EPERM))
  expect(runFilter(program, { nr: 500, ...i386 })).toBe(errno(ENOSYS))
  expect(runFilter(program, { nr: 39 | x32 })).toBe(ALLOW)
  expect(runFilter(program, { nr: 165 | x32 })).toBe(errno(EPERM))
  expect(runFilter(program, { nr: 600 | x32 })).toBe(errno(ENOSYS))
  // Of a machine that the profile does not name.
  expect(runFilter(program, { nr: 39, arch: auditArch.arm64 })).toBe(0)
})

test('the private calls of ARM are no newer calls', () => {
  const { program } = addon.seccompProgram({
    profile: { defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_ARM'], syscalls: [{ names: ['getpid', 'set_tls'], action: 'SCMP_ACT_ALLOW' }] },
  })
  const arm = { arch: auditArch.arm }
  expect(runFilter(program, { nr: 20, ...arm })).toBe(ALLOW)
  expect(runFilter(program, { nr: 0x0f0005, ...arm })).toBe(ALLOW)
  expect(runFilter(program, { nr: 0x0f0002, ...arm })).toBe(errno(EPERM))
})

test.each<[SeccompArgument, number[], number[]]>([
  [condition('SCMP_CMP_EQ', 5), [5], [4, 6]],
  [condition('SCMP_CMP_NE', 5), [4, 6], [5]],
  [condition('SCMP_CMP_LT', 5), [0, 4], [5, 6]],
  [condition('SCMP_CMP_LE', 5), [4, 5], [6]],
  [condition('SCMP_CMP_GE', 5), [5, 6], [4]],
  [condition('SCMP_CMP_GT', 5), [6, 2 ** 40], [5]],
  [condition('SCMP_CMP_MASKED_EQ', 0xf0, 0x30), [0x30, 0x3f, 0x130], [0x40, 0]],
  [condition('SCMP_CMP_EQ', 2 ** 40 + 1), [2 ** 40 + 1], [1, 2 ** 40]],
])('%j', (argument, hits, misses) => {
  const { program } = addon.seccompProgram({ profile: openBut({ names: ['getpid'], action: 'SCMP_ACT_ERRNO', args: [argument] }) })
  for (const value of hits) expect([value, runFilter(program, { nr: nr['getpid']!, args: [value] })]).toEqual([value, errno(EPERM)])
  for (const value of misses) expect([value, runFilter(program, { nr: nr['getpid']!, args: [value] })]).toEqual([value, ALLOW])
})

test('18446744073709551615 is what JSON makes of it', () => {
  const { program } = addon.seccompProgram({
    profile: openBut({ names: ['getpid'], action: 'SCMP_ACT_ERRNO', args: [condition('SCMP_CMP_EQ', JSON.parse('18446744073709551615') as number)] }),
  })
  expect(runFilter(program, { nr: nr['getpid']!, args: [2n ** 64n - 1n] })).toBe(errno(EPERM))
})

test('conditions on two arguments must both hold, on one and the same either', () => {
  const both = addon.seccompProgram({
    profile: openBut({ names: ['getpid'], action: 'SCMP_ACT_ERRNO', args: [condition('SCMP_CMP_EQ', 1), condition('SCMP_CMP_EQ', 2, undefined, 1)] }),
  }).program
  const either = addon.seccompProgram({
    profile: openBut({ names: ['getpid'], action: 'SCMP_ACT_ERRNO', args: [condition('SCMP_CMP_EQ', 1), condition('SCMP_CMP_EQ', 2)] }),
  }).program
  const [one, two, twelve] = [[1], [2], [1, 2]].map((args) => ({ nr: nr['getpid']!, args }))
  expect([one, two, twelve].map((call) => runFilter(both, call!))).toEqual([ALLOW, ALLOW, errno(EPERM)])
  expect([one, two, twelve].map((call) => runFilter(either, call!))).toEqual([errno(EPERM), errno(EPERM), errno(EPERM)])
})

test('several rules for one call', () => {
  answers(
    openBut(
      { names: ['personality'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, args: [condition('SCMP_CMP_EQ', 8)] },
      { names: ['personality'], action: 'SCMP_ACT_ERRNO', errnoRet: 22, args: [condition('SCMP_CMP_EQ', 9)] },
    ),
    { 'personality:8': 5, 'personality:9': 22, 'personality:0xffffffff': 0 },
  )
})

describe('actions', () => {
  const doing = (action: string, errnoRet?: number) => openBut({ names: ['getppid'], action, ...(errnoRet === undefined ? {} : { errnoRet }) })

  test('ERRNO, with its number or EPERM', () => {
    answers(doing('SCMP_ACT_ERRNO', 99), { getppid: 99, getpid: 0 })
    answers(doing('SCMP_ACT_ERRNO'), { getppid: EPERM })
    answers(
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        defaultErrnoRet: 77,
        syscalls: [{ names: ['write', 'exit_group', 'getpid', 'newfstatat', 'fstat', 'rt_sigaction', 'futex', 'unshare'], action: 'SCMP_ACT_ALLOW' }],
      },
      { getpid: 0, getppid: 77 },
    )
  })

  test.each(['SCMP_ACT_KILL', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP'])('%s ends the process', (action) => {
    expect(install(doing(action), ['getpid', 'getppid', 'getpid'])).toEqual({ errnos: [0], signal: 'SIGSYS' })
  })

  test('LOG lets through; TRACE without a tracer answers ENOSYS', () => {
    answers(doing('SCMP_ACT_LOG'), { getppid: 0 })
    answers(doing('SCMP_ACT_TRACE', 3), { getppid: ENOSYS })
  })
})

test('calls that nobody knows are passed over and named', () => {
  const { unknown } = addon.seccompProgram({ profile: openBut({ names: ['no_such_call', 'getppid', 'no_such_call'], action: 'SCMP_ACT_ERRNO' }) })
  expect(unknown).toEqual(['no_such_call'])
  answers(openBut({ names: ['no_such_call', 'getppid'], action: 'SCMP_ACT_ERRNO' }), { getppid: EPERM })
})

test('flags', () => {
  const flagsOf = (flags?: string[]) => addon.seccompProgram({ profile: { ...openBut(), ...(flags === undefined ? {} : { flags }) } }).flags
  expect(flagsOf()).toBe(4)
  expect(flagsOf([])).toBe(0)
  expect(flagsOf(['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW', 'SECCOMP_FILTER_FLAG_TSYNC'])).toBe(6)
})

test.each<[string, unknown, RegExp]>([
  ['no action', {}, /defaultAction must be a string/],
  ['an action of the future', { defaultAction: 'SCMP_ACT_ASK' }, /unknown action "SCMP_ACT_ASK"/],
  ['an agent', openBut({ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }), /SCMP_ACT_NOTIFY needs an agent/],
  ['an errno that would never come', openBut({ names: ['mount'], action: 'SCMP_ACT_KILL', errnoRet: 1 }), /SCMP_ACT_KILL takes no errnoRet/],
  ['an errno that is none', { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 70000 }, /defaultErrnoRet must be an errno/],
  [
    'an operator',
    openBut({ names: ['mount'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 1, op: 'SCMP_CMP_XX' as 'SCMP_CMP_EQ' }] }),
    /unknown operator "SCMP_CMP_XX"/,
  ],
  [
    'a seventh argument',
    openBut({ names: ['mount'], action: 'SCMP_ACT_ERRNO', args: [condition('SCMP_CMP_EQ', 1, undefined, 6)] }),
    /index of an argument must be 0 to 5/,
  ],
  ['a rounded number', openBut({ names: ['mount'], action: 'SCMP_ACT_ERRNO', args: [condition('SCMP_CMP_EQ', 2 ** 60)] }), /value must be a whole number/],
  ['a negative number', openBut({ names: ['mount'], action: 'SCMP_ACT_ERRNO', args: [condition('SCMP_CMP_EQ', -1)] }), /value must be a whole number/],
  ['a machine', { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_PDP11'] }, /architecture "SCMP_ARCH_PDP11" is not known to libseccomp \d/],
  ['a flag', { defaultAction: 'SCMP_ACT_ALLOW', flags: ['SECCOMP_FILTER_FLAG_NEW_LISTENER'] }, /flag "SECCOMP_FILTER_FLAG_NEW_LISTENER" is not supported/],
  ['names that are none', { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ action: 'SCMP_ACT_ERRNO' }] }, /names must be an array of strings/],
  ['rules that are none', { defaultAction: 'SCMP_ACT_ALLOW', syscalls: ['mount'] }, /syscalls must hold objects/],
  ['no profile', null, /profile must be an object/],
])('%s in a profile is an error that names it', async (_, profile, message) => {
  const context = { paths: { data: folder, run: join(folder, 'none') } }
  await expect(seccompProgram(context, profile as OciSeccomp)).rejects.toThrow(
    expect.objectContaining({ code: 'BAD_SECCOMP', message: expect.stringMatching(message) }),
  )
})

describe('what was compiled is kept', () => {
  const run = join(folder, 'run')
  const context = { paths: { data: folder, run } }
  const kept = () => readdirSync(join(run, 'seccomp')).map((name) => join(run, 'seccomp', name))

  test('and is the same the next time, from the file', async () => {
    const first = await seccompProgram(context, dockers)
    expect(kept()).toHaveLength(1)
    const written = statSync(kept()[0]!).ino
    expect(await seccompProgram(context, dockers)).toEqual(first)
    expect(statSync(kept()[0]!).ino).toBe(written)
    expect(first.flags).toBe(4)
    expect(runFilter(first.program, { nr: nr['getpid']! })).toBe(ALLOW)
  })

  test('apart for each profile', async () => {
    await seccompProgram(context, openBut())
    expect(kept()).toHaveLength(2)
  })

  test.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length - 8)],
    ['cut in an instruction', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
    ['empty', () => Buffer.alloc(0)],
    ['zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['changed', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([1])])],
  ])('and made anew where the file is %s', async (_, damage) => {
    const good = await seccompProgram(context, dockers)
    for (const path of kept()) writeFileSync(path, damage(readFileSync(path)))
    expect(await seccompProgram(context, dockers)).toEqual(good)
    expect(await seccompProgram(context, dockers)).toEqual(good)
  })

  test('or not, where it can not be written: the container starts all the same', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect((await seccompProgram({ paths: { data: folder, run: file } }, openBut())).program.length).toBeGreaterThan(0)
  })
})
