import { hasAddon } from './addon.ts'
import { builtin } from './builtin.ts'
import { LichenError } from './errors.ts'
import { fstatSync, writeSync } from './fs.ts'

/**
 * Standard output and standard error, written to as descriptors: making a stream object of each takes a quarter of the time
 * that a short command needs. What has much to say, or needs a stream, takes `outputStream`, and all goes through that from then on.
 */

const streams: { 1?: NodeJS.WriteStream; 2?: NodeJS.WriteStream } = {}

/** Throws OUTPUT_CLOSED (exit code 0) where the reader has seen enough (`lichen logs x | head`), OUTPUT_FAILED on a full disk. */
export function writeOut(data: string | Uint8Array): void {
  if (streams[1] !== undefined) streams[1].write(data)
  else writeWhole(1, data)
}

/** What can't be said is no reason to stop. */
export function writeErr(text: string | Uint8Array): void {
  try {
    if (streams[2] !== undefined) streams[2].write(text)
    else writeWhole(2, text)
  } catch {
    // Closed, or full: there is no other place to say it.
  }
}

/** A device that is none of /dev/null and its kin. For what is exact about terminals there is `addon.isTerminal`. */
export function mayBeTerminal(fd: number): boolean {
  try {
    const { rdev, mode } = fstatSync(fd)
    return (mode & 0o170000) === 0o020000 && rdev >> 8 !== 1
  } catch {
    return false
  }
}

/** As a stream, for much output. It ends the process in its own way when its reader has gone: see `onStreamFailure`. */
export function outputStream(fd: 1 | 2): NodeJS.WriteStream {
  const known = streams[fd]
  if (known !== undefined) return known
  const stream = fd === 1 ? process.stdout : process.stderr
  stream.on('error', failed.handler)
  streams[fd] = stream
  return stream
}

const failed: { handler: (error: NodeJS.ErrnoException) => void } = { handler: () => {} }

/** What to do when a stream of outputStream can't be written to any more. */
export function onStreamFailure(handler: (error: NodeJS.ErrnoException) => void): void {
  failed.handler = handler
}

/** Calls back when everything that was written has left the process: a pipe takes it in its own time. */
export function whenWritten(done: () => void): void {
  const waiting = [streams[1], streams[2]].filter((stream) => stream !== undefined && stream.writableLength > 0)
  const next = () => {
    const stream = waiting.shift()
    if (stream === undefined) done()
    else stream.write('', next)
  }
  next()
}

function writeWhole(fd: 1 | 2, data: string | Uint8Array): void {
  let rest = typeof data === 'string' ? Buffer.from(data) : data
  while (rest.length > 0) {
    try {
      rest = rest.subarray(hasAddon() ? writeSync(fd, rest) : builtin.fs.writeSync(fd, rest))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      // Somebody else has set the terminal or the pipe non-blocking, for all who have it.
      if (code === 'EAGAIN') Atomics.wait(pause, 0, 0, 5)
      else if (code === 'EPIPE') throw new LichenError('standard output is closed', { code: 'OUTPUT_CLOSED', exitCode: 0, cause: error })
      else throw new LichenError(`standard output can't be written: ${reasons[code ?? ''] ?? message}`, { code: 'OUTPUT_FAILED', cause: error })
    }
  }
}

const reasons: Record<string, string> = { ENOSPC: 'no space left on device', EBADF: 'it is not open', EIO: 'the terminal has gone' }
const pause = new Int32Array(new SharedArrayBuffer(4))
