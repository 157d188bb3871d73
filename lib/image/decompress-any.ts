import { close as closeFd, write as writeFd } from 'node:fs'
import { promisify } from 'node:util'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { requireProgram, spawn } from '../system/spawn.ts'
import { peekCompression } from './compression.ts'
import { decompress } from './decompress.ts'

const close = promisify(closeFd)
const write = promisify(writeFd)

const CHUNK = 256 * 1024

/** As `decompress`, and xz and bzip2 by the host's programs: for files that people hand us, not for layers. Throws NO_HELPER, DAMAGED_STREAM. */
export async function* decompressAny(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const { compression, bytes } = await peekCompression(source)
  if (compression === 'xz' || compression === 'bzip2') yield* throughProgram(compression, bytes)
  else yield* decompress(bytes)
}

async function* throughProgram(name: 'xz' | 'bzip2', source: AsyncGenerator<Uint8Array, void, void>): AsyncGenerator<Uint8Array, void, void> {
  const file = await requireProgram(name)
  const [childIn, ourOut] = addon.pipe({})
  const [ourIn, childOut] = addon.pipe({})
  const child = spawn({
    file,
    argv: [name, '-dc'],
    fds: [
      [0, childIn],
      [1, childOut],
    ],
  })
  await Promise.all([close(childIn), close(childOut)])
  let failure: unknown
  const feeding = feed(ourOut, source).catch((error: unknown) => {
    failure = error
  })
  let code: number
  try {
    for (let part = await addon.readFd({ fd: ourIn, size: CHUNK }); part !== null; part = await addon.readFd({ fd: ourIn, size: CHUNK })) yield part
  } finally {
    await close(ourIn)
    await feeding
    code = await child.exited()
  }
  if (failure !== undefined) throw failure
  if (code !== 0) throw new LichenError(`the ${name} stream is damaged or cut short`, { code: 'DAMAGED_STREAM' })
}

/** A program that has seen enough, or died, closes the pipe: its exit code tells. */
async function feed(fd: number, source: AsyncGenerator<Uint8Array, void, void>): Promise<void> {
  try {
    for await (const part of source) {
      for (let at = 0; at < part.length; ) at += (await write(fd, part, at, part.length - at)).bytesWritten
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  } finally {
    await close(fd)
  }
}
