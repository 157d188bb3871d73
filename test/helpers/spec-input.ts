import type { CreateOptions } from '../../lib/plan/options.ts'
import { plainOptions as noFlags } from '../../lib/plan/plain-options.ts'
import type { Identity } from '../../lib/plan/plan.ts'
import type { SpecInput } from '../../lib/plan/spec-input.ts'
import { UNLIMITED } from '../../lib/plan/ulimits.ts'

/** `lichen run img` with nothing else. */
export const plainOptions: CreateOptions = { ...noFlags, image: 'img' }

const map = (container: number, host: number, size: number) => ({ container, host, size })
const both = (mappings: ReturnType<typeof map>[]) => ({ uidMappings: mappings, gidMappings: mappings })
const helpers = { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap', denySetgroups: false }

/** User 1001 with subordinate ids 100000 to 165535, as the default, with keep-id, without them, and root. */
export const identities = {
  user: { ...both([map(0, 1001, 1), map(1, 100000, 65536)]), ...helpers },
  keepId: { ...both([map(0, 100000, 1001), map(1001, 1001, 1), map(1002, 101001, 64535)]), ...helpers },
  single: { ...both([map(0, 1001, 1)]), newuidmap: undefined, newgidmap: undefined, denySetgroups: true },
  singleKeepId: { ...both([map(1001, 1001, 1)]), newuidmap: undefined, newgidmap: undefined, denySetgroups: true },
  root: { ...both([map(0, 1878982656, 65536)]), newuidmap: undefined, newgidmap: undefined, denySetgroups: false },
} satisfies Record<string, Identity>

export const id = 'c0ffee'.repeat(11).slice(0, 64)

/** What a specification is built from; `options` and `host` over the plain ones. */
export function specInput(
  options: Partial<CreateOptions> = {},
  rest: Partial<Omit<SpecInput, 'options' | 'host'>> & { host?: Partial<SpecInput['host']> } = {},
): SpecInput {
  const host: SpecInput['host'] = {
    hostname: 'node1',
    architecture: 'x64',
    kernelRelease: '6.1.0-18-amd64',
    hardLimits: { NOFILE: 1048576n, CORE: UNLIMITED },
    devices: [],
    cgroupVersion: 2,
    thermalThrottle: [],
    ...rest.host,
  }
  return {
    id,
    image: { Cmd: ['sh'] },
    mounts: [],
    identity: identities.user,
    defaultUser: '',
    hostname: id.slice(0, 12),
    rootfs: '/data/merged',
    hostNetwork: options.network === 'host',
    join: undefined,
    files: { hosts: '/data/hosts', hostname: '/data/hostname', resolvConf: '/data/resolv.conf' },
    defaultUlimits: [],
    ...rest,
    options: { ...plainOptions, ...options },
    host,
  }
}
