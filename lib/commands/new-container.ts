import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import type { ContainerView } from '../container/view.ts'
import { createContainer } from '../engine/create.ts'
import { removeContainer } from '../engine/remove.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { closeSync, openSync, rmSync, writeFileSync } from '../system/fs.ts'
import { outputStream } from '../system/output.ts'
import { traced } from '../system/trace.ts'
import type { PullProgress } from './pull-progress.ts'

/** What `run` and `create` have in common on top of the engine: the lines of a pull, --cidfile and --replace. */
export async function newContainer(
  context: Context,
  options: CreateOptions,
  { quiet, replace, 'squash-ids': squash }: { quiet: boolean; replace: boolean; 'squash-ids': boolean },
): Promise<ContainerView> {
  if (squash) context.config['squash-ids'] = true
  if (replace) await removeNamesake(context, options.name)
  let shown: PullProgress | undefined
  const progress = async () => {
    shown = (await import('./pull-progress.ts')).pullProgress(outputStream(2))
    return shown
  }
  const create = () => traced('create the container', () => createContainer(context, options, quiet ? async () => silent : progress))
  try {
    return await (options.cidfile === undefined ? create() : withCidFile(options.cidfile, create))
  } finally {
    shown?.finish()
  }
}

const silent = { event() {}, say() {} }

async function removeNamesake(context: Context, name: string | undefined): Promise<void> {
  if (name === undefined) throw usageError('cannot replace container without --name being set')
  try {
    await removeContainer(context, await findContainer(context, name), { force: true, volumes: false })
  } catch (error) {
    if (!(error instanceof LichenError) || error.code !== 'CONTAINER_NOT_FOUND') throw error
  }
}

/** The file is made first, so that a container whose id nobody could read is never made. */
async function withCidFile(path: string, create: () => Promise<ContainerView>): Promise<ContainerView> {
  let fd: number
  try {
    fd = openSync(path, 'wx', 0o644)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw usageError(`failed to create the container ID file: open ${path}: ${code}`)
    throw usageError(`container ID file found, make sure the other container isn't running or delete ${path}`)
  }
  try {
    const view = await create()
    writeFileSync(fd, view.record.id)
    return view
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
}
