import { createHash } from 'node:crypto'
import type { Identity } from '../plan/plan.ts'
import { type ApplyStream, startApply } from '../runtime/unshare.ts'
import { removeTree } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { warning } from '../system/log.ts'
import { reclaim } from '../system/reclaim.ts'
import { ApplyRecords } from './apply-records.ts'
import { decompress } from './decompress.ts'
import { draftOf, makeDraft, makeDraftFiles, putInPlace } from './layer-draft.ts'
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
  const draft = draftOf(context, diffId)
  try {
    await makeDraft(context, draft)
    await makeDraftFiles(identity, draft)
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
    reclaim(part.length)
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
