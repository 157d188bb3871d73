import { compileNamespaces } from './compile-namespaces.ts'
import { compileProcess, type ProcessExtra } from './compile-process.ts'
import type { ExecPlan } from './plan.ts'
import type { OciProcess, OciSpec } from './spec.ts'
import { requireSupported } from './unsupported.ts'

export type ExecExtra = ProcessExtra & Pick<ExecPlan, 'id' | 'target' | 'cgroup' | 'placed' | 'events' | 'attached'>

/** One more process in the container of `spec`: in every namespace that it does not share with the host. Throws UNSUPPORTED_SPEC. */
export function compileExec(spec: OciSpec, process: OciProcess, extra: ExecExtra): ExecPlan {
  requireSupported({ ...spec, process })
  const { create, join } = compileNamespaces(spec)
  return {
    verb: 'exec',
    id: extra.id,
    target: extra.target,
    enter: [...join.map(({ kind }) => kind), ...create],
    process: compileProcess(process, extra),
    cgroup: extra.cgroup,
    placed: extra.placed,
    events: extra.events,
    attached: extra.attached,
  }
}
