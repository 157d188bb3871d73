import type { HealthOption } from '../plan/options.ts'
import { invalidArgument, usageError } from './usage-error.ts'
import { goDuration } from './when.ts'

export interface HealthFlags {
  'health-cmd': string | undefined
  'health-interval': string | undefined
  'health-timeout': string | undefined
  'health-retries': number | undefined
  'health-start-period': string | undefined
  'health-start-interval': string | undefined
  'health-on-failure': string | undefined
  'no-healthcheck': boolean
}

/** `--health-*` and `--no-healthcheck`; undefined: as the image has it. Throws USAGE in Docker's words. */
export function parseHealth(flags: HealthFlags): HealthOption | undefined {
  const { 'health-cmd': command, 'health-retries': retries, 'health-on-failure': action } = flags
  const given = Object.keys(flags).some((name) => name.startsWith('health-') && flags[name as keyof HealthFlags] !== undefined)
  if (flags['no-healthcheck']) {
    if (given) throw usageError('--no-healthcheck conflicts with --health-* options')
    return { Test: ['NONE'] }
  }
  if (!given) return undefined
  if (retries !== undefined && retries < 0) throw usageError('--health-retries cannot be negative')
  // podman's word for checks that only `healthcheck run` does.
  const onDemand = flags['health-interval'] === 'disable'
  return defined({
    Test: command === undefined || command === '' ? undefined : parseTest(command),
    Interval: onDemand ? undefined : duration(flags['health-interval'], 'interval', 'Interval'),
    Timeout: duration(flags['health-timeout'], 'timeout', 'Timeout'),
    StartPeriod: duration(flags['health-start-period'], 'start-period', 'StartPeriod'),
    StartInterval: duration(flags['health-start-interval'], 'start-interval', 'StartInterval'),
    Retries: retries,
    onDemand: onDemand || undefined,
    onFailure: parseAction(action),
  })
}

/** A line for the shell; podman also takes `none`, and a list of words in JSON. */
function parseTest(text: string): string[] {
  if (text === 'none') return ['NONE']
  if (!text.startsWith('[')) return ['CMD-SHELL', text]
  try {
    const list = JSON.parse(text) as unknown
    if (Array.isArray(list) && list.length > 0 && list.every((word) => typeof word === 'string')) {
      return ['CMD', 'CMD-SHELL', 'NONE'].includes(list[0] as string) ? list : ['CMD', ...list]
    }
  } catch {
    // `[ -e /ready ]` is for the shell.
  }
  return ['CMD-SHELL', text]
}

/** Nanoseconds. */
function duration(text: string | undefined, flag: string, field: string): number | undefined {
  if (text === undefined) return undefined
  const milliseconds = text === '0' ? 0 : goDuration(text)
  if (milliseconds === undefined) throw invalidArgument(text, `--health-${flag}`, `time: invalid duration ${JSON.stringify(text)}`)
  if (milliseconds < 0) throw usageError(`--health-${flag} cannot be negative`)
  if (milliseconds > 0 && milliseconds < 1) throw usageError(`${field} in Healthcheck cannot be less than 1ms`)
  return Math.round(milliseconds * 1e6)
}

function parseAction(text: string | undefined): HealthOption['onFailure'] {
  if (text === undefined || text === '' || text === 'none') return undefined
  if (text === 'kill' || text === 'restart' || text === 'stop') return text
  throw usageError(`invalid health-on-failure action ${JSON.stringify(text)}`, 'none, kill, restart or stop')
}

/** Without the fields that are not set: they are the image's to say. */
function defined(fields: { [K in keyof HealthOption]: HealthOption[K] | undefined }): HealthOption {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as HealthOption
}
