import type { Identity } from '../plan/plan.ts'
import { unshare } from '../runtime/unshare.ts'
import type { Context } from '../system/context.ts'
import { withLock } from '../system/lock.ts'
import { temporaryDir } from '../system/paths.ts'
import { sha256 } from '../system/sha256.ts'
import { chmod, mkdir } from '../system/small-files.ts'
import { makeForMappedRoot } from './owned-folders.ts'
import { removeTree } from './remove.ts'

/** Of this run root: another one may be at the same data root meanwhile. */
const folder = (context: Context) => `${temporaryDir(context.paths)}/probe-${sha256(context.paths.run).toString('hex').slice(0, 12)}`

/** One at a time, since all use one folder; what a crash has left in it is removed by the next. */
export async function whileProbing<T>(context: Context, fn: () => Promise<T>): Promise<T> {
  await mkdir(temporaryDir(context.paths), { recursive: true, mode: 0o700 })
  // Root's containers have other ids than root, and fuse-overlayfs walks there as one of them.
  if (process.geteuid?.() === 0) await chmod(temporaryDir(context.paths), 0o711)
  return withLock(`${context.paths.run}/probe.lock`, 'exclusive', fn)
}

/** Mounts two small layers with overlayfs, or fuse-overlayfs where its program is given, and works in them. Throws what explainFailure makes of a failure. */
export async function probeMount({ context, identity, program }: { context: Context; identity: Identity; program: string | undefined }): Promise<void> {
  const path = folder(context)
  await removeTree({ context, identity, path })
  const [upper, work, merged, top, bottom] = ['upper', 'work', 'merged', 'top', 'bottom'].map((name) => `${path}/${name}`) as [
    string,
    string,
    string,
    string,
    string,
  ]
  try {
    await mkdir(path, { mode: process.geteuid?.() === 0 ? 0o711 : 0o700 })
    await makeForMappedRoot(identity, [upper, work, merged, top, bottom], 0o755)
    const parts = { merged, upper, work, lower: [top, bottom], options: '' }
    const rootfs = program === undefined ? ({ kind: 'overlay', ...parts } as const) : ({ kind: 'fuse-overlayfs', ...parts, program } as const)
    await unshare({ context, identity, operation: { kind: 'probe', rootfs } })
  } finally {
    await removeTree({ context, identity, path })
  }
}
