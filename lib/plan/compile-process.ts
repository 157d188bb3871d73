import { capabilityBits } from './capabilities.ts'
import { mergeEnvironment } from './environment.ts'
import { normalPath } from './mount-target.ts'
import type { ProcessPlan } from './plan.ts'
import type { OciProcess } from './spec.ts'
import { compileRlimit } from './ulimits.ts'
import { unsupported } from './unsupported.ts'

/** What the specification of a process does not say. */
export interface ProcessExtra {
  /** Of `linux.seccomp`, compiled; undefined where there is none. */
  seccomp: ProcessPlan['seccomp']
  /** The caller's supplementary groups stay: where setgroups is forbidden, and where it was asked for. */
  keepGroups: boolean
  /** NAME=value that is not in the specification, which is kept on disk. */
  secretEnvironment: string[]
  /** Additional groups by name. */
  groups: string[]
  stdin: ProcessPlan['stdin']
  /** Size of the user's terminal, for a process that gets one. */
  terminal: { rows: number; columns: number } | undefined
  /** How many of the caller's descriptors it has as its 3 and on; absent: none. */
  given?: number
}

export function compileProcess(process: OciProcess, extra: ProcessExtra): ProcessPlan {
  const { user, consoleSize, args = [] } = process
  if (args.length === 0) throw unsupported('process.args', 'is empty')
  if (!process.cwd.startsWith('/')) throw unsupported('process.cwd', 'must be an absolute path')
  const caps = capabilityBits(process.capabilities, (name) => {
    throw unsupported(`process.capabilities: ${JSON.stringify(name)}`)
  })
  const size = extra.terminal ?? (consoleSize === undefined ? { rows: 0, columns: 0 } : { rows: consoleSize.height, columns: consoleSize.width })
  return {
    args,
    env: mergeEnvironment(process.env ?? [], extra.secretEnvironment),
    cwd: normalPath(process.cwd),
    user: user.username ?? `${user.uid}:${user.gid}`,
    groups: [...(user.additionalGids ?? []).map(String), ...extra.groups],
    keepGroups: extra.keepGroups,
    // The same for all: a name of which it is not known whose it is has those of a user, to which execve adds root's.
    capsRoot: caps,
    capsUser: caps,
    noNewPrivileges: process.noNewPrivileges ?? false,
    seccomp: extra.seccomp,
    rlimits: (process.rlimits ?? []).map((limit, at) =>
      compileRlimit(limit, (field) => {
        throw unsupported(`process.rlimits[${at}].${field}`, 'is none')
      }),
    ),
    umask: user.umask,
    oomScoreAdj: process.oomScoreAdj,
    terminal: process.terminal ? size : undefined,
    stdin: extra.stdin,
    ...(extra.given ? { given: extra.given } : {}),
  }
}
