import { LichenError } from '../system/errors.ts'
import { withExitCode } from './targets.ts'

/**
 * What can be wrong with a file, an address or a word of the command line. What is in an image, damaged or hostile, is no such
 * thing: that is 125 wherever the image comes from.
 */
const ofTheFile = new Set([
  'BAD_CHANGE',
  'BAD_PLATFORM',
  'BAD_REDIRECT',
  'BAD_REFERENCE',
  'DAMAGED_ARCHIVE',
  'DAMAGED_STREAM',
  'DOWNLOAD_FAILED',
  'IMAGE_NOT_FOUND',
  'NOT_AN_ARCHIVE',
  'NO_SUCH_FILE',
  'NO_SUCH_PLATFORM',
  'OUTPUT_FAILED',
  'TRUNCATED_ARCHIVE',
])

/** Work of `load`, `import` or `save`: for what concerns the file, Docker's exit code, 1. */
export async function onFile<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof LichenError && ofTheFile.has(error.code) ? withExitCode(error, 1) : error
  }
}
