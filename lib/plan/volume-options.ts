import { LichenError } from '../system/errors.ts'
import { tmpfsOptions } from './tmpfs-options.ts'

/** What a volume of the driver `local` is mounted from, by its options. */
export type VolumeSource =
  | { kind: 'folder' }
  /** Of the host: `--opt type=none --opt o=bind --opt device=/path`. */
  | { kind: 'bind'; device: string; readOnly: boolean; options: string[] }
  /** Of each container its own: nothing holds a tmpfs of a user while no container runs. */
  | { kind: 'tmpfs'; options: string[] }

const bindFlags = /^((no)?(exec|suid|dev)|r?(private|slave|shared))$/

/** Reads type, device and o. Throws BAD_VOLUME_OPTION in Docker's words, UNSUPPORTED_VOLUME for what only the host's root could mount. */
export function volumeSource(options: Readonly<Record<string, string>>): VolumeSource {
  const { type = '', device = '', o = '' } = options
  for (const key of Object.keys(options)) if (!['type', 'device', 'o'].includes(key)) throw unknown(key)
  if (Object.keys(options).length === 0) return { kind: 'folder' }
  const words = o.split(',').filter((word) => word !== '')
  if (type === '') throw missing('type')
  if (device === '') throw missing('device')
  if (type === 'tmpfs') return { kind: 'tmpfs', options: tmpfsOptions(['exec', 'suid', ...words].join(',')) }
  if (['none', 'bind'].includes(type) && (type === 'bind' || words.some((word) => /^r?bind$/.test(word)))) return bindSource(device, words)
  throw new LichenError(`type=${type}: only the host's root could mount it`, {
    code: 'UNSUPPORTED_VOLUME',
    hint: 'type=tmpfs and type=none with o=bind are possible; have the file system mounted on the host, and use --opt type=none --opt o=bind --opt device=PATH',
  })
}

function bindSource(device: string, words: string[]): VolumeSource {
  if (!device.startsWith('/')) throw bad(`invalid device ${JSON.stringify(device)}`, 'an absolute path of the host')
  const rest = words.filter((word) => !['bind', 'rbind', 'ro', 'rw', 'defaults'].includes(word))
  const foreign = rest.find((word) => !bindFlags.test(word))
  if (foreign !== undefined) throw bad(`invalid option ${JSON.stringify(foreign)} in o=`, 'bind, ro, noexec, nosuid, nodev and propagation')
  return { kind: 'bind', device, readOnly: words.includes('ro'), options: rest }
}

const missing = (key: string) =>
  bad(`missing required option: ${JSON.stringify(key)}`, 'type, device and o go together, as --opt type=tmpfs --opt device=tmpfs --opt o=size=64m')

const unknown = (key: string) =>
  bad(
    `invalid option: ${JSON.stringify(key)}`,
    key === 'size' ? 'a quota needs the root of the host; of a tmpfs: --opt o=size=64m' : 'the driver local takes type, device and o',
  )

const bad = (message: string, hint: string) => new LichenError(message, { code: 'BAD_VOLUME_OPTION', hint })
