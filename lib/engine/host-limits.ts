import { cpus } from 'node:os'
import type { ResourceLimits } from '../plan/options.ts'
import { LichenError } from '../system/errors.ts'

/** What can be asked of no machine but a larger one. Throws BAD_LIMIT in Docker's words. */
export function checkAgainstHost(limits: ResourceLimits): void {
  if (limits.cpus === undefined) return
  const most = cpus().length
  if (limits.cpus <= most) return
  throw new LichenError(`Range of CPUs is from 0.01 to ${most}.00, as there are only ${most} CPUs available`, { code: 'BAD_LIMIT' })
}
