import type { HealthOption } from './options.ts'

/** HEALTHCHECK of an image, and `Config.Healthcheck` of a container: nanoseconds, 0 or absent for the default. */
export interface Healthcheck {
  Test?: string[]
  Interval?: number
  Timeout?: number
  StartPeriod?: number
  StartInterval?: number
  Retries?: number
}

const second = 1e9
const defaults = { Interval: 30 * second, Timeout: 30 * second, StartPeriod: 0, StartInterval: 5 * second, Retries: 3 }

/** What was asked for over what the image has, field by field; undefined where neither says anything. */
export function mergeHealthcheck(wish: HealthOption | undefined, image: Healthcheck | undefined): Healthcheck | undefined {
  if (wish === undefined) return image
  const { onFailure: _action, onDemand: _demand, ...own } = wish
  const merged = { ...image, ...own }
  return Object.keys(merged).length === 0 ? undefined : merged
}

export interface HealthPlan {
  args: string[]
  /** Milliseconds; the interval is 0 where a check is done on demand only. */
  interval: number
  timeout: number
  startPeriod: number
  startInterval: number
  retries: number
}

/** The checks of a container; undefined: none. `shell`: the image's SHELL. */
export function planHealth(wish: HealthOption | undefined, image: { Healthcheck?: Healthcheck; Shell?: string[] }): HealthPlan | undefined {
  const check = mergeHealthcheck(wish, image.Healthcheck)
  const args = checkCommand(check?.Test ?? [], image.Shell)
  if (check === undefined || args === undefined) return undefined
  const milliseconds = (name: 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval') => Math.max(1, Math.round((check[name] || defaults[name]) / 1e6))
  return {
    args,
    interval: wish?.onDemand ? 0 : milliseconds('Interval'),
    timeout: milliseconds('Timeout'),
    startPeriod: check.StartPeriod ? milliseconds('StartPeriod') : 0,
    startInterval: milliseconds('StartInterval'),
    retries: check.Retries || defaults.Retries,
  }
}

function checkCommand([kind, ...words]: string[], shell: string[] | undefined): string[] | undefined {
  if (words.length === 0) return undefined
  if (kind === 'CMD') return words
  if (kind === 'CMD-SHELL') return [...(shell === undefined || shell.length === 0 ? ['/bin/sh', '-c'] : shell), ...words]
  return undefined
}
