import { describe, expect, test } from 'vitest'
import { defaultSeccomp, type SeccompFacts } from '../../../lib/plan/seccomp-profile.ts'

const facts = (changes: Partial<SeccompFacts> = {}): SeccompFacts => ({ capabilities: [], architecture: 'x64', kernelRelease: '6.1.0-13-amd64', ...changes })

/** Calls that are let through whatever their arguments. */
function allowed(changes: Partial<SeccompFacts> = {}): Set<string> {
  const rules = defaultSeccomp(facts(changes)).syscalls ?? []
  return new Set(rules.filter((rule) => rule.action === 'SCMP_ACT_ALLOW' && rule.args === undefined).flatMap((rule) => rule.names))
}

const rulesFor = (name: string, changes: Partial<SeccompFacts> = {}) =>
  (defaultSeccomp(facts(changes)).syscalls ?? []).filter((rule) => rule.names.includes(name))

test('what is not named answers EPERM', () => {
  const { defaultAction, defaultErrnoRet } = defaultSeccomp(facts())
  expect([defaultAction, defaultErrnoRet]).toEqual(['SCMP_ACT_ERRNO', 1])
})

test.each([
  'mount',
  'umount2',
  'pivot_root',
  'move_mount',
  'open_tree',
  'fsopen',
  'unshare',
  'setns',
  'bpf',
  'keyctl',
  'add_key',
  'request_key',
  'io_uring_setup',
  'io_uring_enter',
  'io_uring_register',
  'userfaultfd',
  'kexec_load',
  'init_module',
  'reboot',
  'swapon',
  'settimeofday',
  'perf_event_open',
  'open_by_handle_at',
])('%s is closed', (name) => {
  expect(allowed().has(name)).toBe(false)
})

test.each([
  ['CAP_SYS_ADMIN', ['mount', 'unshare', 'setns', 'clone', 'clone3', 'bpf']],
  ['CAP_SYS_CHROOT', ['chroot']],
  ['CAP_SYS_MODULE', ['init_module', 'finit_module', 'delete_module']],
  ['CAP_SYS_BOOT', ['reboot']],
  ['CAP_SYS_TIME', ['settimeofday', 'clock_settime']],
  ['CAP_SYS_NICE', ['mbind', 'set_mempolicy']],
  ['CAP_SYS_PTRACE', ['kcmp', 'pidfd_getfd', 'ptrace']],
  ['CAP_SYS_RAWIO', ['iopl', 'ioperm']],
  ['CAP_SYS_PACCT', ['acct']],
  ['CAP_SYS_TTY_CONFIG', ['vhangup']],
  ['CAP_DAC_READ_SEARCH', ['open_by_handle_at']],
  ['CAP_BPF', ['bpf']],
  ['CAP_PERFMON', ['perf_event_open']],
  ['CAP_SYSLOG', ['syslog']],
])('%s opens %j', (capability, names) => {
  const before = allowed({ kernelRelease: '4.4.0' })
  const after = allowed({ kernelRelease: '4.4.0', capabilities: [capability] })
  for (const name of names) expect([name, before.has(name), after.has(name)]).toEqual([name, false, true])
})

test('ptrace is open since Linux 4.8', () => {
  expect(allowed({ kernelRelease: '4.7.10' }).has('ptrace')).toBe(false)
  expect(allowed({ kernelRelease: '4.8.0-rc1' }).has('ptrace')).toBe(true)
  expect(allowed({ kernelRelease: '10.0' }).has('ptrace')).toBe(true)
})

describe('clone', () => {
  test('makes no namespaces, and clone3 is as if it did not exist', () => {
    expect(rulesFor('clone')).toEqual([
      { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }] },
    ])
    expect(rulesFor('clone3')).toEqual([{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }])
  })

  test('has its flags in the second argument on s390', () => {
    expect(rulesFor('clone', { architecture: 's390x' })[0]?.args?.[0]?.index).toBe(1)
  })

  test('is unconditional with CAP_SYS_ADMIN: two rules for it would contradict each other', () => {
    expect(rulesFor('clone', { capabilities: ['CAP_SYS_ADMIN'] })).toHaveLength(1)
    expect(rulesFor('clone3', { capabilities: ['CAP_SYS_ADMIN'] })).toHaveLength(1)
  })
})

test.each([
  ['x64', ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'], 'arch_prctl'],
  ['arm64', ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'], 'set_tls'],
  ['riscv64', ['SCMP_ARCH_RISCV64'], 'riscv_flush_icache'],
  ['ppc64', ['SCMP_ARCH_PPC64LE'], 'swapcontext'],
  ['s390x', ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'], 's390_pci_mmio_read'],
])('%s', (architecture, architectures, call) => {
  expect(defaultSeccomp(facts({ architecture })).architectures).toEqual(architectures)
  expect(allowed({ architecture }).has(call)).toBe(true)
  expect(allowed({ architecture: 'other' }).has(call)).toBe(false)
})

test('equal sets of capabilities make equal profiles, in whatever order they come', () => {
  const [one, two] = [
    ['CAP_SYS_TIME', 'CAP_BPF'],
    ['CAP_BPF', 'CAP_SYS_TIME'],
  ].map((capabilities) => JSON.stringify(defaultSeccomp(facts({ capabilities }))))
  expect(one).toBe(two)
})
