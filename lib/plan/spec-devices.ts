import { LichenError } from '../system/errors.ts'
import { normalPath } from './mount-target.ts'
import type { CreateOptions } from './options.ts'
import type { OciMount } from './spec.ts'
import type { SpecInput } from './spec-input.ts'

/** Every container has these already. */
export const basicDevices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`)

export interface DeviceOption {
  source: string
  target: string
}

/** `--device source[:target][:rwm]`. Throws BAD_DEVICE in Docker's words, UNSUPPORTED_DEVICE. */
export function parseDevice(text: string): DeviceOption {
  const [source = '', second, third, ...rest] = text.split(':')
  const bad = (message: string) => new LichenError(message, { code: 'BAD_DEVICE', hint: 'HOST-DEVICE[:CONTAINER-DEVICE][:rwm]' })
  if (text === '') throw bad('bad format for path: ')
  if (!source.startsWith('/')) throw bad(`${source} is not an absolute path`)
  const onlyMode = third === undefined && second !== undefined && isMode(second)
  const mode = (onlyMode ? second : third) ?? 'rwm'
  if (rest.length > 0) throw bad(`invalid device specification: ${text}`)
  if (!isMode(mode)) throw bad(`bad mode specified: ${mode}`)
  // Nodes are the host's, bound: what may be done with them is what this user may do, no less.
  if (!(mode.includes('r') && mode.includes('w'))) {
    throw new LichenError(`device ${text}: without root, access can't be cut down to ${JSON.stringify(mode)}`, {
      code: 'UNSUPPORTED_DEVICE',
      hint: 'leave the last part out: the container may do what you may',
    })
  }
  const target = onlyMode || second === undefined || second === '' ? source : second
  if (!target.startsWith('/')) throw bad(`${target} is not an absolute path`)
  return { source: normalPath(source), target: normalPath(target) }
}

const isMode = (text: string) => /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length

/** Devices as bind mounts: without root there is no mknod. Throws NO_DEVICE. */
export function deviceMounts({ options, host }: SpecInput): OciMount[] {
  const wanted = options.devices.map(parseDevice)
  for (const { source } of wanted) if (!host.devices.includes(source)) throw missing(source)
  const targets = new Set([...basicDevices, ...wanted.map(({ target }) => target)])
  const rest = options.privileged
    ? host.devices.filter((path) => path.startsWith('/dev/') && !targets.has(path)).map((path) => ({ source: path, target: path }))
    : []
  return [...wanted, ...rest].map(({ source, target }) => ({ destination: target, type: 'bind', source, options: ['rbind', 'rprivate'] }))
}

const missing = (source: string) =>
  new LichenError(`error gathering device information while adding custom device ${JSON.stringify(source)}: no such device, or not yours to open`, {
    code: 'NO_DEVICE',
    hint: `ls -l ${source}; a container has no more rights to a device than you have`,
  })

/** Host paths that `--device` asks for. */
export const devicePaths = (options: Pick<CreateOptions, 'devices'>) => options.devices.map((text) => parseDevice(text).source)
