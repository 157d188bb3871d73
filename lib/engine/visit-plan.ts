import type { ContainerRecord } from '../container/record.ts'
import { chooseCapabilities } from '../plan/capabilities.ts'
import { compileExec, type ExecExtra } from '../plan/compile-exec.ts'
import { type ExecOptions, execProcess } from '../plan/exec-process.ts'
import type { ExecPlan } from '../plan/plan.ts'
import type { OciProcess, OciSpec } from '../plan/spec.ts'
import { groupNames, KEEP_GROUPS } from '../plan/spec-process.ts'
import { kernelRelease } from '../system/kernel.ts'
import type { ContainerIdentity } from './identity.ts'

interface Visit extends Pick<ExecExtra, 'target' | 'cgroup' | 'placed' | 'events' | 'seccomp' | 'secretEnvironment' | 'terminal' | 'attached' | 'given'> {
  record: ContainerRecord
  spec: OciSpec & { process: OciProcess }
  identity: ContainerIdentity
  options: ExecOptions
}

/** One more process in a container, of a user's `exec` or for its health: with the capabilities, the filter and the groups that the container has. */
export function visitPlan({ record, spec, identity, options, ...extra }: Visit): ExecPlan {
  const { capAdd, capDrop, privileged, groupAdd } = record.options
  const { added } = chooseCapabilities({ add: capAdd, drop: capDrop, privileged, kernelRelease: kernelRelease() })
  const process = execProcess({ process: spec.process, options, identity: identity.container, added, kernelRelease: kernelRelease() })
  return compileExec(spec, process, {
    ...extra,
    id: record.id,
    keepGroups: identity.container.denySetgroups || groupAdd.includes(KEEP_GROUPS),
    groups: groupNames(groupAdd),
    stdin: options.interactive ? 'once' : 'none',
  })
}
