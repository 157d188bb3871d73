import { isInherited } from '../system/inherited.ts'
import { invalidArgument, usageError } from './usage-error.ts'

/** Descriptors of the runtime's own lie below, and the usual limit of open files above. */
const MOST = 500

/** `--preserve-fds`, with podman's words where a descriptor is missing. To be asked before anything is done. */
export function preservedFds(count: number): number {
  if (count < 0 || count > MOST) throw invalidArgument(String(count), '--preserve-fds', `a number of descriptors, ${MOST} at most`)
  for (let fd = 3; fd < 3 + count; fd++) {
    if (isInherited(fd)) continue
    throw usageError(
      `file descriptor ${fd} is not available - the preserve-fds option requires that file descriptors must be passed`,
      `a shell passes one by ${fd}<FILE`,
    )
  }
  return count
}
