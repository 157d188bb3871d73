import type { Config } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** `default-shm-size` of the configuration, bytes; undefined where it says nothing. Throws BAD_CONFIG. */
export function defaultShmSize(config: Pick<Config, 'default-shm-size'>): number | undefined {
  const text = config['default-shm-size']
  if (text === undefined) return undefined
  const [, number, unit = ''] = /^(\d+)([bkmg]?)(?:i?b)?$/i.exec(text) ?? []
  const size = Number(number) * (units[unit.toLowerCase()] ?? 1)
  if (number !== undefined && size > 0) return size
  throw new LichenError(`"default-shm-size" in the configuration is no size: ${JSON.stringify(text)}`, { code: 'BAD_CONFIG', hint: 'such as "128m"' })
}
