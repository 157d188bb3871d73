import type { VolumeOption } from '../plan/options.ts'
import { builtin } from '../system/builtin.ts'
import { normalize, resolve } from '../system/path.ts'
import { usageError } from './usage-error.ts'

export const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/
const known = /^(rw|ro|z|Z|U|nocopy|copy|idmap|exec|noexec|suid|nosuid|dev|nodev|r?private|r?shared|r?slave|r?bind|O|subpath=.+)$/

/** `-v [host-path|name:]target[:options]`. Relative host paths begin with a dot, as in Docker. */
export function parseVolume(text: string): VolumeOption {
  const parts = text.split(':')
  const bad = (why: string) =>
    usageError(
      `invalid volume specification: '${text}'${why === '' ? '' : `: ${why}`}`,
      'HOST-PATH:CONTAINER-PATH[:ro], NAME:CONTAINER-PATH[:ro] or CONTAINER-PATH',
    )
  if (text === '') throw usageError('invalid empty volume spec')
  if (parts.length > 3) throw usageError(`invalid spec: ${text}: too many colons`)
  if (parts.some((part) => part === '')) throw bad('')
  const [source, target, mode] = parts.length === 1 ? ['', parts[0]!, ''] : [parts[0]!, parts[1]!, parts[2] ?? '']
  if (!target.startsWith('/'))
    throw bad(`invalid mount config for type "${isPath(source) ? 'bind' : 'volume'}": invalid mount path: '${target}' mount path must be absolute`)
  if (normalize(target).replace(/\/+$/, '') === '')
    throw bad(`invalid mount config for type "${isPath(source) ? 'bind' : 'volume'}": invalid specification: destination can't be '/'`)
  const options = mode === '' ? [] : mode.split(',')
  if (!options.every((option) => known.test(option)) || (options.includes('ro') && options.includes('rw')))
    throw usageError(`invalid mode: ${mode}`, `-v ${text}`)
  const rest = options.filter((option) => option !== 'ro' && option !== 'rw')
  const common = { target: clean(target), readOnly: options.includes('ro'), options: rest }
  if (source === '') return { type: 'volume', source: '', ...common }
  if (isPath(source)) return { type: 'bind', source: hostPath(source), ...common, createSource: true }
  if (!volumeName.test(source)) {
    if (source.length === 1) throw usageError(`create ${source}: volume name is too short, names should be at least two alphanumeric characters`)
    throw badVolumeName(source)
  }
  return { type: 'volume', source, ...common }
}

export const badVolumeName = (name: string) =>
  usageError(
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ` +
      'If you intended to pass a host directory, use absolute path',
  )

/** `--volumes-from NAME[:ro]`; SELinux labels (z, Z) are not set. */
export function parseVolumesFrom(text: string): { container: string; readOnly: boolean } {
  const [container = '', mode, ...rest] = text.split(':')
  if (container === '' || rest.length > 0) throw usageError(`invalid volumes-from specification: '${text}'`, 'NAME, NAME:ro or NAME:rw')
  const options = mode === undefined ? [] : mode.split(',')
  if (options.some((option) => !['ro', 'rw', 'z', 'Z'].includes(option))) throw usageError(`invalid mode: ${mode}`, 'ro or rw')
  return { container, readOnly: options.includes('ro') }
}

const isPath = (source: string) => /^[/.~]/.test(source)
export const hostPath = (source: string) => resolve(source.replace(/^~(?=\/|$)/, builtin.os.homedir()))
export const clean = (target: string) => normalize(target).replace(/(.)\/+$/, '$1')
