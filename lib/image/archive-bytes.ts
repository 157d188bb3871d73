import { read as readAt } from 'node:fs'
import { promisify } from 'node:util'
import { LichenError } from '../system/errors.ts'

const readFrom = promisify(readAt)
const CHUNK = 256 * 1024

/** Bytes that are read once, from the front; of a file, what is skipped is not read at all. */
export interface Bytes {
  /** Bytes taken and skipped so far. */
  readonly position: number
  /** So many bytes; fewer at the end. */
  take(count: number): Promise<Buffer>
  /** Throws TRUNCATED_ARCHIVE where they are not there. */
  pass(count: number): AsyncGenerator<Uint8Array, void, void>
  /** The same. */
  skip(count: number): Promise<void>
}

export const truncated = () =>
  new LichenError('the archive is cut short', { code: 'TRUNCATED_ARCHIVE', hint: 'a download or a copy of it was not finished, or the disk was full' })

/** Of a stream, which is read no further than asked for. */
export function bytesOfStream(source: AsyncIterator<Uint8Array>): Bytes {
  let position = 0
  let rest: Uint8Array = new Uint8Array()
  /** What is at hand, at most `count` bytes; empty at the end. */
  const next = async (count: number): Promise<Uint8Array> => {
    while (rest.length === 0) {
      const step = await source.next()
      if (step.done) return rest
      rest = step.value
    }
    const part = rest.subarray(0, count)
    rest = rest.subarray(part.length)
    position += part.length
    return part
  }
  async function* pass(count: number): AsyncGenerator<Uint8Array, void, void> {
    for (let left = count; left > 0; ) {
      const part = await next(left)
      if (part.length === 0) throw truncated()
      left -= part.length
      yield part
    }
  }
  return {
    get position() {
      return position
    },
    async take(count) {
      const parts: Uint8Array[] = []
      for (let left = count; left > 0; ) {
        const part = await next(left)
        if (part.length === 0) break
        left -= part.length
        parts.push(part)
      }
      return Buffer.concat(parts)
    },
    pass,
    async skip(count) {
      for await (const part of pass(count)) void part
    },
  }
}

/** Of a regular file of `size` bytes, from `start` on. */
export function bytesOfFile(fd: number, start: number, size: number): Bytes {
  let position = 0
  return {
    get position() {
      return position
    },
    async take(count) {
      const buffer = Buffer.allocUnsafe(count)
      let filled = 0
      while (filled < count) {
        const { bytesRead } = await readFrom(fd, buffer, filled, count - filled, start + position)
        if (bytesRead === 0) break
        filled += bytesRead
        position += bytesRead
      }
      return buffer.subarray(0, filled)
    },
    async *pass(count) {
      yield* passFile(fd, start + position, count)
      position += count
    },
    async skip(count) {
      if (start + position + count > size) throw truncated()
      position += count
    },
  }
}

/** Throws TRUNCATED_ARCHIVE where the file is shorter by now. */
export async function* passFile(fd: number, offset: number, count: number): AsyncGenerator<Uint8Array, void, void> {
  for (let done = 0; done < count; ) {
    // Not reused: a consumer may still have the last one.
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, count - done))
    const { bytesRead } = await readFrom(fd, buffer, 0, buffer.length, offset + done)
    if (bytesRead === 0) throw truncated()
    done += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
