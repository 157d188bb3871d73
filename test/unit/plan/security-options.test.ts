import { describe, expect, it } from 'vitest'
import { systemPaths } from '../../../lib/plan/default-paths.ts'
import { parseSecurityOptions } from '../../../lib/plan/security-options.ts'

describe('--security-opt', () => {
  const nothing = { noNewPrivileges: false, seccomp: '', mask: [], unmask: [], unconfinedPaths: false, warnings: [] }
  it.each<[string[], object]>([
    [[], {}],
    [['no-new-privileges'], { noNewPrivileges: true }],
    [['no-new-privileges=true'], { noNewPrivileges: true }],
    [['no-new-privileges:true'], { noNewPrivileges: true }],
    [['no-new-privileges=false'], { noNewPrivileges: false }],
    [['seccomp=unconfined'], { seccomp: 'unconfined' }],
    [['seccomp:unconfined'], { seccomp: 'unconfined' }],
    [['seccomp={"a":"b=c:d"}'], { seccomp: '{"a":"b=c:d"}' }],
    [['apparmor=unconfined', 'label=disable'], {}],
    [['label=type:container_t'], { warnings: ['--security-opt label=type:container_t changes nothing: lichen sets no SELinux labels'] }],
    [['mask=/a:/b', 'unmask=ALL', 'unmask=/proc/*'], { mask: ['/a:/b'], unmask: ['ALL', '/proc/*'] }],
    [['systempaths=unconfined'], { unconfinedPaths: true }],
  ])('%j', (list, expected) => expect(parseSecurityOptions(list)).toEqual({ ...nothing, ...expected }))

  it.each(['foo', 'foo=bar', 'no-new-privileges=maybe', 'seccomp', 'seccomp=', 'label', 'apparmor=', 'mask=a', 'systempaths=all', ''])('refuses %j', (option) =>
    expect(() => parseSecurityOptions([option])).toThrow(JSON.stringify(option)),
  )

  it('does not pretend to confine', () => expect(() => parseSecurityOptions(['apparmor=docker-default'])).toThrow(/under a profile of AppArmor/))
})

describe('paths hidden and read-only', () => {
  const facts = { thermalThrottle: ['/sys/devices/system/cpu/cpu0/thermal_throttle'] }
  const paths = (wish: Partial<Parameters<typeof systemPaths>[0]>) =>
    systemPaths({ privileged: false, unconfined: false, mask: [], unmask: [], ...wish }, facts)

  it("are Docker's", () => {
    expect(paths({})).toMatchInlineSnapshot(`
      {
        "masked": [
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/devices/virtual/powercap",
          "/sys/firmware",
          "/sys/fs/selinux",
          "/sys/devices/system/cpu/cpu0/thermal_throttle",
        ],
        "readonly": [
          "/proc/bus",
          "/proc/fs",
          "/proc/irq",
          "/proc/sys",
          "/proc/sysrq-trigger",
        ],
      }
    `)
  })

  it.each<[string, Parameters<typeof paths>[0], string[], string[]]>([
    ['none for the privileged', { privileged: true }, [], []],
    ['none', { unconfined: true }, [], []],
    ['none by name', { unmask: ['all'] }, [], []],
    ["none but one's own", { privileged: true, mask: ['/a:/b'] }, ['/a', '/b'], []],
  ])('%s', (_, wish, masked, readonly) => expect(paths(wish)).toEqual({ masked, readonly }))

  it('can be shown again one by one, and by pattern', () => {
    expect(paths({ unmask: ['/proc/acpi:/proc/sys'] }).masked).not.toContain('/proc/acpi')
    expect(paths({ unmask: ['/proc/acpi:/proc/sys'] }).readonly).toEqual(['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sysrq-trigger'])
    expect(paths({ unmask: ['/proc/*'] })).toMatchObject({ masked: expect.not.arrayContaining(['/proc/acpi']), readonly: [] })
    expect(paths({ unmask: ['/proc/*'] }).masked).toContain('/sys/firmware')
    // A star is not for slashes, a dot not for any letter.
    expect(paths({ unmask: ['/*', '/proc.acpi'] })).toEqual(paths({}))
  })
})
