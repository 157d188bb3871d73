import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Identity } from '../plan/plan.ts'
import { type ApplyStream, startApply } from '../runtime/unshare.ts'
import { removeTree } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { syncFolder } from '../system/files.ts'
import { warning } from '../system/log.ts'
import { layerDiff, layersDir, temporaryDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'
import { ApplyRecords } from './apply-records.ts'
import { TEMPORARY_PREFIX } from './blobs.ts'
import { decompress } from './decompress.ts'
import { digestHex } from './digest.ts'
import { layerEntries } from './layer-entries.ts'
import { squashIds } from './squash-ids.ts'
import { TarReader } from './tar/reader.ts'
import { TarError } from './tar/tar-error.ts'

/**
 * Unpacks a layer while it streams, under the store's id map. It is seen at its place only when its content has the digest
 * that was promised, and is on disk; else nothing is left of it. `size` is the bytes in its files.
 * Throws BAD_LAYER, LAYER_MISMATCH, DAMAGED_STREAM, DISK_FULL, what the runtime and the source say.
 */
export async function unpackLayer(input: { context: Context; identity: Identity; blob: AsyncIterable<Uint8Array>; diffId: string }): Promise<{ size: number }> {
  const { context, identity, blob, diffId } = input
  const draft = `${temporaryDir(context.paths)}/${TEMPORARY_PREFIX}layer-${digestHex(diffId).slice(0, 12)}-${randomHex(4)}`
  try {
    await makeDraft(context, identity, draft)
    const apply = startApply({ context, identity, directory: `${draft}/diff` })
    let size: number
    try {
      await stream(blob, apply, diffId, context.config['squash-ids'] ? identity : undefined)
      size = (await apply.finish()).bytes
    } finally {
      await apply.abandon()
    }
    if (!(await putInPlace(context, draft, diffId))) await removeTree({ context, identity, path: draft })
    return { size }
  } catch (error) {
    await removeTree({ context, identity, path: draft })
    throw of(diffId, error)
  }
}

async function stream(blob: AsyncIterable<Uint8Array>, apply: ApplyStream, diffId: string, squashTo: Identity | undefined): Promise<void> {
  const hash = createHash('sha256')
  const records = new ApplyRecords(apply)
  let packed = 0
  async function* counted() {
    for await (const part of blob) {
      packed += part.length
      yield part
    }
  }
  const entries = layerEntries(records, () => packed)
  const squashing = squashTo === undefined ? undefined : squashIds(entries, squashTo)
  const reader = new TarReader(squashing?.handlers ?? entries)
  for await (const part of decompress(counted())) {
    // All of it, what follows the end of the archive too.
    hash.update(part)
    reader.write(part)
    await records.flush()
  }
  reader.end()
  const digest = `sha256:${hash.digest('hex')}`
  if (digest !== diffId)
    throw new LichenError(`its content has the digest ${digest}`, {
      code: 'LAYER_MISMATCH',
      hint: 'the image is damaged, or somebody tampers with it; nothing was kept',
    })
  records.end()
  await records.flush(true)
  const said = squashing?.said()
  if (said !== undefined) warning(`layer ${diffId.slice(0, 19)}: ${said}`)
}

/** The ids of a root user's containers are others than root's: they reach layers as "others". */
const folderMode = () => (process.geteuid?.() === 0 ? 0o711 : 0o700)

async function makeDraft(context: Context, identity: Identity, draft: string): Promise<void> {
  await mkdir(temporaryDir(context.paths), { recursive: true, mode: 0o700 })
  await mkdir(draft, { mode: folderMode() })
  await mkdir(`${draft}/diff`)
  // Whatever the umask: many layers say nothing of their root, and a container has it as its own.
  await chmod(`${draft}/diff`, 0o755)
  if (process.geteuid?.() === 0) await chown(`${draft}/diff`, hostRoot(identity.uidMappings), hostRoot(identity.gidMappings))
}

const hostRoot = (mappings: Identity['uidMappings']) => mappings.find(({ container }) => container === 0)?.host ?? 0

/** False where the layer is there already. */
async function putInPlace(context: Context, draft: string, diffId: string): Promise<boolean> {
  await mkdir(layersDir(context.paths), { recursive: true, mode: folderMode() })
  try {
    await rename(draft, dirname(layerDiff(context.paths, diffId)))
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
  await syncFolder(layersDir(context.paths))
  return true
}

function of(diffId: string, error: unknown): unknown {
  const layer = `layer ${diffId}`
  if (error instanceof TarError)
    return new LichenError(`${layer} can't be unpacked: ${error.message}`, {
      code: 'BAD_LAYER',
      hint: 'the image is damaged, or it was not made by a tool for images',
      cause: error,
    })
  if (!(error instanceof LichenError)) return error
  const { message, code, hint, exitCode } = error
  return new LichenError(`${layer} can't be unpacked: ${message}`, { code, exitCode, cause: error, ...(hint === undefined ? {} : { hint }) })
}
