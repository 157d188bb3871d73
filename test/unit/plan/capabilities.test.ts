import { describe, expect, it } from 'vitest'
import { allCapabilities, capabilityBits, capabilitySets, chooseCapabilities, defaultCapabilities } from '../../../lib/plan/capabilities.ts'

const choose = (wish: { add?: string[]; drop?: string[]; privileged?: boolean }, kernelRelease = '6.1.0') =>
  chooseCapabilities({ add: [], drop: [], privileged: false, kernelRelease, ...wish })

describe('--cap-add, --cap-drop, --privileged', () => {
  const all = allCapabilities('6.1.0')
  it.each<[string, Parameters<typeof choose>[0], string[], string[]]>([
    ['nothing', {}, defaultCapabilities, []],
    [
      'any spelling',
      { add: ['net_admin', 'CAP_SYS_TIME', 'cap_bpf'] },
      [...defaultCapabilities, 'CAP_NET_ADMIN', 'CAP_SYS_TIME', 'CAP_BPF'],
      ['CAP_NET_ADMIN', 'CAP_SYS_TIME', 'CAP_BPF'],
    ],
    ['one that is there', { add: ['CHOWN'] }, defaultCapabilities, ['CAP_CHOWN']],
    ['drop', { drop: ['chown'] }, defaultCapabilities.filter((name) => name !== 'CAP_CHOWN'), []],
    ['drop all', { drop: ['all'] }, [], []],
    ['drop all but one', { drop: ['ALL'], add: ['CHOWN'] }, ['CAP_CHOWN'], ['CAP_CHOWN']],
    ['add all', { add: ['ALL'] }, all, []],
    ['all but one', { add: ['ALL'], drop: ['SYS_ADMIN'] }, all.filter((name) => name !== 'CAP_SYS_ADMIN'), []],
    ['both', { add: ['CHOWN'], drop: ['CHOWN'] }, [...defaultCapabilities.filter((name) => name !== 'CAP_CHOWN'), 'CAP_CHOWN'], ['CAP_CHOWN']],
    ['privileged takes no notice of drops', { privileged: true, drop: ['ALL'] }, all, []],
  ])('%s', (_, wish, capabilities, added) => expect(choose(wish)).toEqual({ capabilities, added }))

  it("refuses what is none, in Docker's words", () => {
    expect(() => choose({ add: ['foo'] })).toThrow('invalid CapAdd: unknown capability: "CAP_FOO"')
    expect(() => choose({ drop: ['CAP_'] })).toThrow('invalid CapDrop: unknown capability: "CAP_"')
    expect(() => choose({ add: ['BPF'] }, '5.4.0')).toThrow(
      'invalid CapAdd: capability not supported by your kernel or not available in the current environment: "CAP_BPF"',
    )
  })

  it.each([
    ['5.4.0', 38],
    ['5.8.1', 40],
    ['5.9.0', 41],
    ['6.12.3-arch1', 41],
  ])('Linux %s has %d', (release, count) => expect(allCapabilities(release)).toHaveLength(count))
})

describe('sets of a process', () => {
  const chosen = choose({ add: ['NET_ADMIN'] })
  it('leave inheritable and ambient empty for root', () =>
    expect(capabilitySets(chosen, true)).toMatchObject({ effective: chosen.capabilities, inheritable: [], ambient: [] }))
  it('give a user what was added by name, which he keeps, and else nothing: not even for execve', () => {
    const added = ['CAP_NET_ADMIN']
    expect(capabilitySets(chosen, false)).toEqual({ bounding: chosen.capabilities, effective: added, permitted: added, inheritable: added, ambient: added })
  })
})

describe('bits', () => {
  const never = (name: string): never => {
    throw new Error(name)
  }
  it('are the numbers of linux/capability.h', () => {
    // biome-ignore format: one set a line is too long
    expect(capabilityBits({ bounding: ['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_CHECKPOINT_RESTORE'] }, never)).toEqual({
      bounding: 1n | (1n << 21n) | (1n << 40n), effective: 0n, inheritable: 0n, permitted: 0n, ambient: 0n,
    })
    // What every rootful Docker container shows as CapEff.
    expect(capabilityBits({ effective: defaultCapabilities }, never).effective).toBe(0xa80425fbn)
    expect(capabilityBits({ effective: allCapabilities('6.1.0') }, never).effective).toBe(0x1ffffffffffn)
  })
  it('tell what they do not know', () => expect(() => capabilityBits({ ambient: ['CHOWN'] }, never)).toThrow('CHOWN'))
})
