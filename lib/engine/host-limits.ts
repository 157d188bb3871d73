import { cpus } from 'node:os'
import type { ResourceLimits } from '../plan/options.ts'
import { LichenError } from '../system/errors.ts'

/** What can be asked of no machine but a larger one. Throws BAD_LIMIT in Docker's words. */
export function checkAgainstHost({ cpus: wanted, cpusetCpus = '' }: Partial<ResourceLimits>): void {
  if (wanted === undefined && cpusetCpus === '') return
  const most = cpus().length
  if (wanted !== undefined && (wanted < 0.01 || wanted > most))
    throw new LichenError(`Range of CPUs is from 0.01 to ${most}.00, as there are only ${most} CPUs available`, { code: 'BAD_LIMIT' })
  // Processors that are switched off leave gaps: the kernel has the last word.
  if (cpusetCpus.split(/[-,]/).every((number) => Number(number) < most)) return
  throw new LichenError(`Requested CPUs are not available - requested ${cpusetCpus}, available: 0-${most - 1}`, { code: 'BAD_LIMIT' })
}
