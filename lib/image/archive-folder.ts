import { close as closeFd, constants, fstat as fstatFd } from 'node:fs'
import { promisify } from 'node:util'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { type Archive, archivePath, badArchive, digestOf } from './archive.ts'
import { passFile } from './archive-bytes.ts'

const close = promisify(closeFd)
const fstat = promisify(fstatFd)

/** An archive that lies unpacked in a folder: an OCI layout. Links in it are followed as if the folder were /. */
export function openFolder(root: string): Archive {
  // Not blocking: a FIFO would wait for its writer.
  const open = (path: string) => addon.openInRoot({ root, path, flags: constants.O_RDONLY | constants.O_NONBLOCK })
  return {
    sample: [],
    async find(name) {
      const path = archivePath(name)
      const size = await sizeOf(open, path)
      if (size === undefined) return undefined
      async function* stream() {
        const fd = open(path)
        try {
          yield* passFile(fd, 0, size!)
        } finally {
          await close(fd)
        }
      }
      return { size, stream, digest: () => digestOf(stream()) }
    },
    close: async () => {},
  }
}

/** Undefined where there is no such file. */
async function sizeOf(open: (path: string) => number, path: string): Promise<number | undefined> {
  let fd: number
  try {
    fd = open(path)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR'].includes(code)) return undefined
    if (code === 'EACCES') throw new LichenError(`open ${path}: permission denied`, { code: 'NO_SUCH_FILE', exitCode: 1, cause: error })
    throw error
  }
  try {
    const status = await fstat(fd)
    if (!status.isFile()) throw badArchive(`${path} in the layout is not a regular file`)
    return status.size
  } finally {
    await close(fd)
  }
}
