import { access } from 'node:fs/promises'
import { type ContainerView, isRunning } from '../container/view.ts'
import { type Change, readEntries } from '../image/entry-records.ts'
import type { ChangesPlan, Identity } from '../plan/plan.ts'
import { packChanges, syncFiles } from '../runtime/view.ts'
import { layerFolders } from '../storage/layers.ts'
import type { Context } from '../system/context.ts'
import { containerIdentity } from './identity.ts'

/** Where the runtime itself mounts something: what stands there for that in a container's own files is none of its changes. */
const own = ['/proc', '/sys', '/dev', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/etc/mtab', '/run/secrets']

export interface ContainerChanges {
  context: Context
  /** That of the store: files lie on disk under its ids, whatever those of the container are. */
  identity: Identity
  changes: Omit<ChangesPlan, 'output'>
}

/** What a container has written, where its driver keeps it, beside the layers that it began with; undefined: nothing was ever mounted, or it is a folder of the user (--rootfs), of which nobody knows what it was. Throws LAYER_MISSING. */
export async function changesOf(context: Context, view: ContainerView): Promise<ContainerChanges | undefined> {
  const { record, paths } = view
  if (record.options.rootfs) return undefined
  const merged = record.storageDriver === 'vfs'
  const directory = merged ? paths.merged : paths.upper
  const there = await access(merged ? `${paths.dir}/merged-complete` : directory).then(
    () => true,
    () => false,
  )
  if (!there) return undefined
  const [ids, lower] = await Promise.all([containerIdentity(context, record.options), layerFolders(context, record.image.layers)])
  if (record.storageDriver === 'fuse-overlayfs' && isRunning(view) && view.live !== undefined) {
    await syncFiles({ context, identity: ids.container, view: { kind: 'process', pid: view.live.pid, startTime: view.live.startTime } })
  }
  const identity = ids.needsSquash ? ids.store : ids.container
  return { context, identity, changes: { directory, merged, whiteoutFiles: record.storageDriver === 'fuse-overlayfs', lower, own } }
}

/** As `docker diff` has them, in order; paths begin with a slash. */
export async function listChanges(context: Context, view: ContainerView): Promise<Change[]> {
  const input = await changesOf(context, view)
  if (input === undefined) return []
  const found: Change[] = []
  for await (const item of readEntries(packChanges({ ...input, changes: { ...input.changes, output: 'names' } }))) {
    if ('change' in item) found.push({ kind: item.change.kind, path: `/${Buffer.from(item.change.path, 'latin1').toString('utf8')}` })
  }
  return found
}
