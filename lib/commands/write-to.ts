import { createWriteStream } from 'node:fs'
import { realpath, rename, stat, unlink } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { usageError } from '../cli/usage-error.ts'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { outputStream } from '../system/output.ts'

/** What `--output` names: a file, or undefined for standard output. */
export const outputFile = (output: string | undefined): string | undefined => (output === '-' || output === '' ? undefined : output)

/** The same of an archive, which no terminal wants. Throws USAGE. */
export function archiveTarget(output: string | undefined): string | undefined {
  const file = outputFile(output)
  if (file === undefined && addon.isTerminal({ fd: 1 })) throw usageError('cowardly refusing to save to a terminal. Use the -o flag or redirect', undefined, 1)
  return file
}

/** To a file, or to standard output. */
export const writeArchive = (target: string | undefined, archive: AsyncIterable<Uint8Array>): Promise<void> =>
  target === undefined ? pipeline(archive, outputStream(1), { end: false }) : writeTo(target, archive)

/** A file appears when it is whole; a device or a FIFO is written to as it is. */
export async function writeTo(path: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw usageError(`invalid output path: ${JSON.stringify(path)} is a folder`, 'give the name of a file', 1)
  const plain = there === undefined || there.isFile()
  // A symlink stays one: what it points to is replaced.
  const final = there === undefined ? path : await realpath(path)
  const target = plain ? `${final}.${process.pid}.tmp` : path
  try {
    await pipeline(archive, createWriteStream(target, plain ? { flags: 'wx', mode: 0o666 } : { flags: 'w' }))
    if (plain) await rename(target, final)
  } catch (error) {
    if (plain) await unlink(target).catch(() => undefined)
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined || error instanceof LichenError) throw error
    const reason =
      { ENOENT: 'no such file or directory', EACCES: 'permission denied', EPERM: 'the file there is of another user', ENOSPC: 'no space left on device' }[
        code ?? ''
      ] ?? (error as Error).message
    throw new LichenError(`${path} can't be written: ${reason}`, { code: 'OUTPUT_FAILED', cause: error })
  }
}
