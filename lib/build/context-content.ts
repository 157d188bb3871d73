import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { checkCanceled } from './canceled.ts'
import type { ContextFile, ContextSource } from './context-files.ts'
import type { KnownDigests } from './known-digests.ts'

const PIECE = 1 << 18
/** Files below this are read into one buffer for all: thousands of new ones take longer than the reading. */
const SMALL = 1 << 15
const shared = Buffer.allocUnsafe(SMALL)
/** Bytes and files after which somebody else has his turn. */
const TURN = { bytes: 1 << 22, files: 100 }

/**
 * The content of a file, which is opened beneath the context and nowhere else. A part below 32 KiB is good until `use` returns, or comes to its
 * first await. Throws CONTEXT_CHANGED where it is no file any more.
 */
export async function readContextFile(root: string, { path, size }: ContextFile, use: (part: Buffer) => Promise<void> | undefined): Promise<void> {
  const fd = openFile(root, path)
  try {
    if (!fstatSync(fd).isFile()) throw changed(path)
    for (;;) {
      const buffer = size < SMALL ? shared : Buffer.allocUnsafe(PIECE)
      const count = readSync(fd, buffer, 0, buffer.length, null)
      if (count > 0) await use(buffer.subarray(0, count))
      if (count < buffer.length) return
    }
  } finally {
    closeSync(fd)
  }
}

function openFile(root: string, path: string): number {
  try {
    return addon.openInRoot({ root, path, flags: constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ELOOP') throw changed(path)
    throw new LichenError(`${path} of the build context can't be read: ${code === 'EACCES' ? 'permission denied' : message}`, {
      code: 'CONTEXT_UNREADABLE',
      exitCode: 1,
      hint: 'name it in .dockerignore if the build does not need it',
      cause: error,
    })
  }
}

export const changed = (path: string) =>
  new LichenError(`${path} of the build context changed while it was read`, { code: 'CONTEXT_CHANGED', exitCode: 1, hint: 'repeat the build' })

/** `known`: what needs no reading. */
interface Digesting {
  known?: KnownDigests
  signal?: AbortSignal
}

/** Hashes what sources are: names, modes, links, content; not when they were written, and not whose they are. Throws BUILD_CANCELED. */
export async function digestSources(sources: readonly ContextSource[], { known, signal }: Digesting = {}): Promise<string> {
  const all = createHash('sha256')
  const turn = { bytes: 0, files: 0 }
  const pause = async () => {
    if (turn.bytes < TURN.bytes && turn.files < TURN.files) return
    turn.bytes = turn.files = 0
    if (signal !== undefined) checkCanceled(signal)
    await setImmediate()
  }
  for (const { root, name, directory, files } of sources) {
    all.update(JSON.stringify([name, directory]))
    for (const file of files) {
      if (file.type === 'file') {
        file.digest = known?.find(file.stamp) ?? ''
        if (file.digest === '') {
          const hash = createHash('sha256')
          await readContextFile(root, file, (part) => {
            hash.update(part)
            turn.bytes += part.length
            return turn.bytes < TURN.bytes ? undefined : pause()
          })
          file.digest = hash.digest('hex')
          known?.add(file)
        }
        turn.files++
        await pause()
      }
      all.update(JSON.stringify([file.below, file.type, file.mode, file.link, file.digest]))
    }
  }
  return all.digest('hex')
}
