import { describe, expect, it } from 'vitest'
import { readSeccompDocument } from '../../../lib/plan/seccomp-document.ts'

const read = (document: object, machine: Partial<Parameters<typeof readSeccompDocument>[1]> = {}) =>
  readSeccompDocument(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', ...document }), {
    capabilities: ['CAP_CHOWN'],
    architecture: 'x64',
    kernelRelease: '5.4.0',
    ...machine,
  })
const names = (rule: object, machine?: Parameters<typeof read>[1]) =>
  read({ syscalls: [{ names: ['x'], action: 'SCMP_ACT_ALLOW', ...rule }] }, machine).syscalls?.flatMap((found) => found.names)

describe("a profile of the user's", () => {
  it("passes through in OCI's form", () => {
    const profile = {
      defaultErrnoRet: 1,
      architectures: ['SCMP_ARCH_X86'],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [{ names: ['a'], action: 'SCMP_ACT_ERRNO', errnoRet: 2, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
    }
    expect(read(profile)).toEqual({ defaultAction: 'SCMP_ACT_ERRNO', ...profile })
  })

  it.each<[string, object, Parameters<typeof read>[1], boolean]>([
    ['no condition', { includes: {}, excludes: null, args: null }, {}, true],
    ['a capability that is there', { includes: { caps: ['CAP_CHOWN'] } }, {}, true],
    ['a capability that is not', { includes: { caps: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] } }, {}, false],
    ['without a capability', { excludes: { caps: ['CAP_CHOWN'] } }, {}, false],
    ['this processor', { includes: { arches: ['amd64', 'x32'] } }, {}, true],
    ['another', { includes: { arches: ['arm64'] } }, {}, false],
    ['another, on that', { includes: { arches: ['arm64'] } }, { architecture: 'arm64' }, true],
    ['not on this one', { excludes: { arches: ['amd64'] } }, {}, false],
    ['a kernel that is new enough', { includes: { minKernel: '4.8' } }, {}, true],
    ['a kernel that is not', { includes: { minKernel: '5.10' } }, {}, false],
    ['not on new kernels', { excludes: { minKernel: '5.4' } }, {}, false],
  ])('rules for %s', (_, rule, machine, there) => expect(names(rule, machine)).toEqual(there ? ['x'] : []))

  it('knows the old single name, and keeps no condition', () =>
    expect(read({ syscalls: [{ name: 'y', action: 'SCMP_ACT_ALLOW', includes: {}, comment: 'z' }] }).syscalls).toEqual([
      { names: ['y'], action: 'SCMP_ACT_ALLOW' },
    ]))

  it('takes the processors that go with this one', () => {
    const archMap = [
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: null },
    ]
    expect(read({ archMap }).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'])
    expect(read({ archMap }, { architecture: 'arm64' }).architectures).toEqual(['SCMP_ARCH_AARCH64'])
    expect(read({ archMap }, { architecture: 's390x' })).not.toHaveProperty('architectures')
  })

  it('refuses what Docker refuses', () => {
    expect(() => read({ archMap: [{ architecture: 'a' }], architectures: ['b'] })).toThrow(/both 'architectures' and 'archMap' are specified/)
    expect(() => read({ syscalls: [{ name: 'a', names: ['b'], action: 'c' }] })).toThrow(/both 'name' and 'names' are specified/)
    const text = (text: string) => () => readSeccompDocument(text, { capabilities: [], architecture: 'x64', kernelRelease: '6.1' })
    expect(text('{')).toThrow(/is not valid JSON/)
    expect(text('[]')).toThrow(/has no defaultAction/)
    expect(text('null')).toThrow(/has no defaultAction/)
  })
})
