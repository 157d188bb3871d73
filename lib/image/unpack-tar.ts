import type { ApplyStream } from '../runtime/unshare.ts'
import { LichenError } from '../system/errors.ts'
import { ApplyRecords } from './apply-records.ts'
import { decompressAny } from './decompress-any.ts'
import { fileEntries } from './file-entries.ts'
import { TarReader } from './tar/reader.ts'
import { TarError } from './tar/tar-error.ts'

/** Hands a tar, plain or compressed, to whoever unpacks it. Throws NOT_AN_ARCHIVE, and what `target` throws. */
export async function unpackTar(bytes: AsyncIterable<Uint8Array>, target: ApplyStream): Promise<{ entries: number; bytes: number }> {
  const records = new ApplyRecords(target)
  const reader = new TarReader(fileEntries(records))
  try {
    for await (const part of decompressAny(bytes)) {
      reader.write(part)
      await records.flush()
    }
    reader.end()
    records.end()
    await records.flush(true)
    return await target.finish()
  } catch (error) {
    if (!(error instanceof TarError)) throw error
    throw new LichenError(`the archive can't be read: ${error.message}`, {
      code: 'NOT_AN_ARCHIVE',
      hint: 'a tar is wanted, plain or compressed',
      cause: error,
    })
  } finally {
    await target.abandon()
  }
}
