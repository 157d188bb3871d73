import type { ContainerRecord } from '../container/record.ts'
import type { RunPlan } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { ContainerPaths } from '../system/paths.ts'

const units: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** The log that `--log-driver`, `--log-opt` and the configuration ask for. Throws BAD_LOG_OPTION. */
export function logPlan(context: Context, record: ContainerRecord, paths: ContainerPaths): RunPlan['log'] {
  const { logDriver, logOptions } = record.options
  const driver = logDriver !== '' ? logDriver : (context.config['log-driver'] ?? 'json-file')
  const options = logDriver !== '' ? logOptions : { ...context.config['log-opts'], ...logOptions }
  if (driver !== 'json-file' && driver !== 'k8s-file' && driver !== 'none') {
    throw new LichenError(`logger: no log driver named '${driver}' is registered`, {
      code: 'BAD_LOG_OPTION',
      hint: 'lichen writes json-file (default), k8s-file and none',
    })
  }
  for (const key of Object.keys(options)) {
    if (!['max-size', 'max-file', 'path', 'labels', 'tag', 'env', 'mode', 'compress'].includes(key)) {
      throw new LichenError(`unknown log opt '${key}' for ${driver} log driver`, { code: 'BAD_LOG_OPTION' })
    }
  }
  return { driver, path: options['path'] ?? paths.log, maxSize: size(options['max-size'] ?? '0'), maxFiles: count(options['max-file'] ?? '1') }
}

function size(text: string): number {
  const [, number, unit = ''] = /^(-?\d+)([bkmg]?)b?$/i.exec(text) ?? []
  if (number === undefined) throw new LichenError(`invalid value for max-size: ${text}`, { code: 'BAD_LOG_OPTION', hint: 'such as 10m' })
  return Math.max(0, Number(number) * (units[unit.toLowerCase()] ?? 1))
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new LichenError(`invalid value for max-file: ${text}`, { code: 'BAD_LOG_OPTION' })
  return value
}
