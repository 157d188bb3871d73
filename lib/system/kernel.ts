import { textOf } from './boot-id.ts'

let known: string | undefined

/** As `uname -r` and `uname -n`: from their files, because node:os costs each start a millisecond (docs/adr/0011). */
export function kernelRelease(): string {
  known ??= textOf('/proc/sys/kernel/osrelease') ?? ''
  return known
}
export const hostName = (): string => textOf('/proc/sys/kernel/hostname') ?? ''
