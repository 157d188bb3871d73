import { findContainer } from '../container/find.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

/** The running container that `container:NAME` names, for a namespace of the kind. Throws CONTAINER_NOT_FOUND, NOT_RUNNING. */
export async function donorContainer(
  context: Context,
  name: string,
  kind: 'network' | 'PID namespace' | 'IPC' | 'UTS namespace' | 'cgroup namespace',
): Promise<ContainerView> {
  const view = await findContainer(context, name).catch((error: unknown) => {
    // A start that fails is 125, whatever the container that was not found.
    throw error instanceof LichenError ? new LichenError(error.message, { code: error.code }) : error
  })
  if (!isRunning(view) || view.live === undefined) {
    throw new LichenError(`cannot join ${kind} of a non running container: ${view.record.id}`, {
      code: 'NOT_RUNNING',
      hint: `lichen start ${view.record.name}`,
    })
  }
  return view
}
