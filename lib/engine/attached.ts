import type { ContainerView } from '../container/view.ts'
import { exitRecordOf } from '../container/wait.ts'
import type { AttachResult } from '../runtime/attach.ts'
import type { Launched } from '../runtime/launch.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { leaveAfterExit, removeAfterExit } from './remove.ts'

/**
 * The end of a container that was started here, which is removed then if --rm was given. Gives its exit code; undefined where the
 * user has gone before (no `result`: was never there), and it goes on by itself. Throws MONITOR_LOST.
 */
export async function endOf(context: Context, view: ContainerView, launched: Launched, result: AttachResult | undefined): Promise<number | undefined> {
  try {
    if (result?.kind !== 'exited' && result?.kind !== 'lost') return undefined
    const code = await launched.exited()
    if (view.record.options.remove) {
      // A monitor that was killed deletes nothing.
      if (code === undefined) await removeAfterExit(context, view)
      else await launched.cleaned(await leaveAfterExit(context, view))
    }
    if (code !== undefined) return code
    throw new LichenError(`the monitor of container ${view.record.name} was killed`, {
      code: 'MONITOR_LOST',
      hint: 'what the container printed last, and how it ended, is not known',
    })
  } finally {
    await launched.release()
  }
}

/** One more client of a container that runs; undefined where it has ended in this moment. */
export function connectTo({ paths }: ContainerView): number | undefined {
  try {
    return addon.connectUnix({ path: paths.attachSocket })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw error
  }
}

/** The exit code of a container that was started elsewhere; undefined where the user has gone before. */
export async function exitCodeOf(view: ContainerView, result: AttachResult): Promise<number | undefined> {
  if (result.kind === 'exited') return result.code
  if (result.kind !== 'lost') return undefined
  return (await exitRecordOf(view))?.exitCode
}
