import { LichenError } from '../system/errors.ts'
import { capabilitySets, chooseCapabilities } from './capabilities.ts'
import { requiredCommandLine } from './command-line.ts'
import { basicEnvironment, imageEnvironment, mergeEnvironment } from './environment.ts'
import { normalPath } from './mount-target.ts'
import type { SecurityOptions } from './security-options.ts'
import type { OciProcess } from './spec.ts'
import type { SpecInput } from './spec-input.ts'
import { rlimits } from './ulimits.ts'
import { isRootUser, processUser, requireMapped } from './user.ts'

/** The first process, as `run` and the image ask for it. */
export function specProcess(input: SpecInput, security: SecurityOptions): { process: OciProcess; warnings: string[] } {
  const { options, image, identity, host } = input
  const user = processUser(options.user ?? (input.defaultUser !== '' ? input.defaultUser : (image.User ?? '')), identity)
  const limits = rlimits(options.ulimits, input.defaultUlimits, host)
  const chosen = chooseCapabilities({ add: options.capAdd, drop: options.capDrop, privileged: options.privileged, kernelRelease: host.kernelRelease })
  const additionalGids = numericGroups(options.groupAdd)
  if (identity.denySetgroups && groupNames(options.groupAdd).length + additionalGids.length > 0) {
    throw new LichenError('--group-add needs subordinate group ids, and you have none', {
      code: 'NO_SUBUIDS',
      hint: 'your own groups stay with you in the container as it is',
    })
  }
  for (const gid of additionalGids) requireMapped(gid, identity.gidMappings, 'group')
  const process: OciProcess = {
    terminal: options.tty,
    user: { ...user, umask: Number.parseInt(options.umask ?? '0022', 8), ...(additionalGids.length === 0 ? {} : { additionalGids }) },
    args: requiredCommandLine({ options, image: { config: image } }),
    env: mergeEnvironment(basicEnvironment({ hostname: input.hostname, tty: options.tty }), ...imageEnvironment(image.Env ?? [], options), options.env),
    cwd: normalPath(options.workdir ?? image.WorkingDir ?? '/'),
    capabilities: capabilitySets(chosen, isRootUser(user)),
    noNewPrivileges: security.noNewPrivileges,
    ...(limits.rlimits.length === 0 ? {} : { rlimits: limits.rlimits }),
    ...(options.oomScoreAdj === undefined ? {} : { oomScoreAdj: options.oomScoreAdj }),
  }
  return { process, warnings: limits.warnings }
}

/** `--group-add keep-groups`, as podman has it: the caller's groups stay, unmapped ones too. */
export const KEEP_GROUPS = 'keep-groups'

/** Groups by name: the specification has numbers only, so these go beside it to the runtime, which looks them up inside. */
export const groupNames = (groups: string[]) => groups.filter((group) => group !== KEEP_GROUPS && !/^\d+$/.test(group))

const numericGroups = (groups: string[]) => groups.filter((group) => /^\d+$/.test(group)).map(Number)
