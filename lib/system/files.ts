import { open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LichenError } from './errors.ts'
import { randomHex } from './random.ts'

/**
 * Replaces `path` in one step: readers see the old file or the new one. With `fsync` the new one also survives a
 * power cut. `mode` is 0600 unless given.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, options: { fsync?: boolean; mode?: number } = {}): Promise<void> {
  const temporary = `${path}.${randomHex(6)}.tmp`
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o600)
    try {
      await file.writeFile(data)
      if (options.fsync) await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  if (options.fsync) await syncFolder(dirname(path))
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** A JSON file; undefined where there is none. Throws BROKEN_JSON with the path, and what the system says of a file that can't be read. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
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
