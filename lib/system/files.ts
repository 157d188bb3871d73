import { sync } from './descriptors.ts'
import { LichenError } from './errors.ts'
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from './fs.ts'
import { dirname } from './path.ts'
import { randomHex } from './random.ts'

/**
 * Replaces `path` in one step: readers see the old file or the new one. With `fsync` the new one also survives a
 * power cut. `mode` is 0600 unless given.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, options: { fsync?: boolean; mode?: number } = {}): Promise<void> {
  const temporary = `${path}.${randomHex(6)}.tmp`
  try {
    const fd = openSync(temporary, 'wx', options.mode ?? 0o600)
    try {
      writeFileSync(fd, data)
      if (options.fsync) await sync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  if (options.fsync) await syncFolder(dirname(path))
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const fd = openSync(path, 'r')
  try {
    await sync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A JSON file; undefined where there is none. Throws BROKEN_JSON with the path, and what the system says of a file that can't be read. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new LichenError(`${path} is not valid JSON: ${(error as Error).message}`, {
      code: 'BROKEN_JSON',
      hint: text.trim() === '' ? 'the file is empty: remove it' : 'mend it, or move it away',
      cause: error,
    })
  }
}
