import { type ContainerView, isRunning } from '../container/view.ts'
import type { ManifestFormat } from '../image/build-manifest.ts'
import { commitImage } from '../image/commit-image.ts'
import { commandLine } from '../plan/command-line.ts'
import { packChanges, packFiles } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { warning } from '../system/log.ts'
import { commitConfig } from './commit-config.ts'
import { changesOf } from './container-changes.ts'
import { withContainerFiles } from './container-files.ts'
import { pauseContainer, unpauseContainer } from './pause.ts'

export interface CommitOptions {
  author: string
  message: string
  /** Instructions of `--change`. */
  changes: readonly string[]
  /** Nothing in the container runs meanwhile. `asked`: the user said so, and gets nothing less. */
  pause: boolean
  asked: boolean
  format: ManifestFormat
  /** One layer of all files, on no other. */
  squash: boolean
  /** Normalised names. */
  references: string[]
}

/** Makes an image of a container; gives its id. Throws BAD_CHANGE, IMAGE_GONE, NO_CGROUP, DISK_FULL, what packing throws. */
export async function commitContainer(context: Context, view: ContainerView, options: CommitOptions): Promise<string> {
  const { record } = view
  const config = commitConfig(record, options.changes)
  const created = new Date().toISOString()
  const input = {
    context,
    identity: await hostIdentity(context),
    config,
    history: { created, created_by: commandLine(record).join(' '), ...(options.message === '' ? {} : { comment: options.message }) },
    author: options.author,
    created,
    format: options.format,
    references: options.references,
  }
  return whilePaused(view, options, async () => {
    if (options.squash || record.image.id === '') {
      return withContainerFiles(context, view, 'root only', (files) =>
        commitImage({ ...input, parent: undefined, records: packFiles({ ...files, path: '/', name: '', follow: false }) }),
      )
    }
    const changes = await changesOf(context, view)
    const records = changes === undefined ? nothing() : packChanges({ ...changes, changes: { ...changes.changes, output: 'entries' } })
    return commitImage({ ...input, parent: record.image.id, records })
  })
}

async function* nothing(): AsyncGenerator<Buffer, void, void> {}

async function whilePaused<T>(view: ContainerView, { pause, asked }: CommitOptions, work: () => Promise<T>): Promise<T> {
  if (!pause || !isRunning(view) || !(await paused(view, asked))) return work()
  try {
    return await work()
  } finally {
    await unpauseContainer(view)
  }
}

/** False where there is nothing to undo: somebody else has paused it, it has ended, or the host does not let us. */
async function paused(view: ContainerView, asked: boolean): Promise<boolean> {
  try {
    await pauseContainer(view)
    return true
  } catch (error) {
    if (!(error instanceof LichenError)) throw error
    if (error.code === 'ALREADY_PAUSED' || error.code === 'NOT_RUNNING') return false
    if (error.code !== 'NO_CGROUP' || asked) throw error
    warning('the container goes on while its files are read: without a cgroup of its own it cannot be paused (--pause=false says nothing of it)')
    return false
  }
}
