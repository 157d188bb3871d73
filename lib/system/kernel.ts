import { textOf } from './boot-id.ts'

/** As `uname -r` and `uname -n`: from their files, because node:os costs each start a millisecond (docs/adr/0011). */
export const kernelRelease = (): string => textOf('/proc/sys/kernel/osrelease') ?? ''
export const hostName = (): string => textOf('/proc/sys/kernel/hostname') ?? ''
