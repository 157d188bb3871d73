import { chooseCapabilities } from './capabilities.ts'
import { isCdiName } from './cdi.ts'
import { type CommandSource, requiredCommandLine } from './command-line.ts'
import type { CreateOptions } from './options.ts'
import { parseSecurityOptions } from './security-options.ts'
import { parseDevice } from './spec-devices.ts'
import type { SourceMount } from './spec-input.ts'
import { tmpfsMounts } from './spec-mounts.ts'
import { requireNamespace } from './sysctls.ts'
import { volumeMount } from './volume-mount.ts'

/**
 * What can be found wrong before a container is made, so that none is left behind which could never start: all that neither the
 * ids nor the devices of the host can change. Throws what a start would.
 */
export function checkOptions(input: { options: CreateOptions; image: CommandSource['image']; mounts: SourceMount[]; kernelRelease: string }): void {
  const { options, mounts, kernelRelease } = input
  requiredCommandLine(input)
  chooseCapabilities({ add: options.capAdd, drop: options.capDrop, privileged: options.privileged, kernelRelease })
  parseSecurityOptions(options.securityOpt)
  const shared: Record<string, boolean> = { network: options.network === 'host', ipc: options.ipc === 'host', uts: options.uts === 'host' }
  for (const key of Object.keys(options.sysctls)) requireNamespace(key, (type) => !shared[type])
  for (const device of options.devices) if (!isCdiName(device)) parseDevice(device)
  for (const mount of mounts) volumeMount(mount, () => {})
  tmpfsMounts(options)
}
