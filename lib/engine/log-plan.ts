import type { ContainerRecord } from '../container/record.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { RunPlan } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { ContainerPaths } from '../system/paths.ts'

/** Powers of 1000, as Docker's FromHumanSize has them for logs; memory goes by 1024. */
const units: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }

/**
 * The log that `--log-driver`, `--log-opt` and the configuration ask for. Kept with the container, whose log can be read although
 * the configuration has changed since. Throws BAD_LOG_OPTION.
 */
export function chooseLog({ config }: Context, options: CreateOptions): Pick<CreateOptions, 'logDriver' | 'logOptions'> {
  const logDriver = options.logDriver !== '' ? options.logDriver : (config['log-driver'] ?? 'json-file')
  const logOptions = options.logDriver !== '' ? options.logOptions : { ...config['log-opts'], ...options.logOptions }
  if (!isDriver(logDriver)) {
    throw new LichenError(`error looking up logging plugin ${logDriver}: plugin ${JSON.stringify(logDriver)} not found`, {
      code: 'BAD_LOG_OPTION',
      hint: 'lichen writes json-file (default), k8s-file, journald, passthrough and none',
    })
  }
  for (const [key, value] of Object.entries(logOptions)) checkOption(logDriver, key, value)
  sizes(logOptions)
  if (logDriver === 'passthrough' && options.tty) {
    throw new LichenError('the log driver passthrough and a terminal exclude each other', {
      code: 'BAD_LOG_OPTION',
      hint: 'leave --tty out, or take another --log-driver',
    })
  }
  return { logDriver, logOptions }
}

const FILES = ['json-file', 'k8s-file', 'none']
const ATTRIBUTED = ['json-file', 'journald']

/** What Docker and podman know, and here would change nothing, is refused rather than ignored. */
function checkOption(driver: string, key: string, value: string): void {
  const bad = (message: string, hint?: string) => new LichenError(message, { code: 'BAD_LOG_OPTION', ...(hint === undefined ? {} : { hint }) })
  const unknown = () => bad(`unknown log opt '${key}' for ${driver} log driver`)
  switch (key) {
    case 'max-size':
    case 'max-file':
    case 'path':
      if (FILES.includes(driver)) return
      throw unknown()
    case 'mode':
      if (value === 'blocking') return
      throw bad(`the log mode ${JSON.stringify(value)} is not supported`, 'mode=blocking: a container waits until its lines are written')
    case 'compress':
      if (!FILES.includes(driver)) throw unknown()
      if (/^(0|f|false)$/i.test(value)) return
      throw bad('rotated logs are not compressed', 'leave --log-opt compress out')
    case 'labels-regex':
    case 'env-regex':
    case 'labels':
    case 'env':
    case 'tag':
      if (!ATTRIBUTED.includes(driver)) throw bad(`the log opt '${key}' is for json-file and journald`, `lines of ${driver} carry no attributes`)
      if (!key.endsWith('-regex') || isPattern(value)) return
      throw bad(`invalid value for ${key}: ${JSON.stringify(value)} is no regular expression`)
    default:
      throw unknown()
  }
}

/** Whether its entries have more than their text. */
export const hasAttributes = (options: Record<string, string>) =>
  ['labels', 'labels-regex', 'env', 'env-regex', 'tag'].some((key) => options[key] !== undefined)

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) !== undefined
  } catch {
    return false
  }
}

const JOURNAL = '/run/systemd/journal/socket'

/** The same as the monitor takes it, but for what its entries have (logExtra). */
export function logPlan({ options }: ContainerRecord, paths: Pick<ContainerPaths, 'log'>): Omit<RunPlan['log'], 'extra'> {
  const { logDriver, logOptions } = options
  const path = logDriver === 'journald' ? JOURNAL : (logOptions['path'] ?? paths.log)
  return { driver: isDriver(logDriver) ? logDriver : 'none', path, ...sizes(logOptions) }
}

const isDriver = (name: string): name is RunPlan['log']['driver'] => [...FILES, 'journald', 'passthrough'].includes(name)

const sizes = (options: Record<string, string>) => ({ maxSize: size(options['max-size'] ?? '0'), maxFiles: count(options['max-file'] ?? '1') })

function size(text: string): number {
  const [, number, unit = ''] = /^(-?\d+(?:\.\d+)?) ?([kmgt]?)i?b?$/i.exec(text) ?? []
  if (number === undefined)
    throw new LichenError(`failed to initialize logging driver: invalid size: '${text}'`, { code: 'BAD_LOG_OPTION', hint: 'such as 10m' })
  return Math.max(0, Math.trunc(Number(number) * (units[unit.toLowerCase()] ?? 1)))
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new LichenError('failed to initialize logging driver: max-file cannot be less than 1', { code: 'BAD_LOG_OPTION' })
  return value
}
