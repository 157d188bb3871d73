import { homedir } from 'node:os'
import { posix, resolve } from 'node:path'
import type { VolumeOption } from '../plan/options.ts'
import { parseBytes } from './size.ts'
import { invalidArgument, usageError } from './usage-error.ts'

const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/
const known = /^(rw|ro|z|Z|U|nocopy|copy|idmap|exec|noexec|suid|nosuid|dev|nodev|r?private|r?shared|r?slave|r?bind|O)$/

/** `-v [host-path|name:]target[:options]`. Relative host paths begin with a dot, as in Docker. */
export function parseVolume(text: string): VolumeOption {
  const parts = text.split(':')
  const bad = (why: string) =>
    usageError(
      `invalid volume specification: '${text}'${why === '' ? '' : `: ${why}`}`,
      'HOST-PATH:CONTAINER-PATH[:ro], NAME:CONTAINER-PATH[:ro] or CONTAINER-PATH',
    )
  if (text === '' || parts.length > 3 || parts.some((part) => part === '')) throw bad('')
  const [source, target, mode] = parts.length === 1 ? ['', parts[0]!, ''] : [parts[0]!, parts[1]!, parts[2] ?? '']
  if (!target.startsWith('/'))
    throw bad(`invalid mount config for type "${isPath(source) ? 'bind' : 'volume'}": invalid mount path: '${target}' mount path must be absolute`)
  if (posix.normalize(target).replace(/\/+$/, '') === '') throw bad("invalid specification: destination can't be '/'")
  const options = mode === '' ? [] : mode.split(',')
  for (const option of options) if (!known.test(option)) throw bad(`invalid mode: ${mode}`)
  if (options.includes('ro') && options.includes('rw')) throw bad(`invalid mode: ${mode}`)
  const rest = options.filter((option) => option !== 'ro' && option !== 'rw')
  const common = { target: clean(target), readOnly: options.includes('ro'), options: rest }
  if (source === '') return { type: 'volume', source: '', ...common }
  if (isPath(source)) return { type: 'bind', source: hostPath(source), ...common, createSource: true }
  if (!volumeName.test(source)) {
    throw usageError(
      `${JSON.stringify(source)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
      'if you intended to pass a host directory, use an absolute path',
    )
  }
  return { type: 'volume', source, ...common }
}

/** `--mount type=bind,source=/a,target=/b,readonly`: comma separated, fields may be quoted. */
export function parseMount(text: string): VolumeOption {
  const flag = '--mount'
  const bad = (why: string) => invalidArgument(text, flag, why)
  const mount: VolumeOption = { type: 'volume', source: '', target: '', readOnly: false, options: [] }
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase()
    const value = equals === -1 ? undefined : field.slice(equals + 1)
    const boolean = () => {
      if (value === undefined || value === '1' || value === 'true') return true
      if (value === '0' || value === 'false') return false
      throw bad(`invalid value for ${key}: ${value}`)
    }
    if (value === undefined && !['readonly', 'ro', 'volume-nocopy', 'nocopy', 'bind-nonrecursive', 'u', 'chown'].includes(key)) {
      throw bad(`invalid field '${field}' must be a key=value pair`)
    }
    switch (key) {
      case 'type': {
        const type = value!.toLowerCase()
        if (type !== 'bind' && type !== 'volume' && type !== 'tmpfs' && type !== 'image')
          throw bad(`invalid mount type ${JSON.stringify(value)}: bind, volume, tmpfs or image`)
        mount.type = type
        break
      }
      case 'source':
      case 'src':
        mount.source = value!
        break
      case 'target':
      case 'dst':
      case 'destination':
        mount.target = value!
        break
      case 'readonly':
      case 'ro':
        mount.readOnly = boolean()
        break
      case 'volume-nocopy':
      case 'nocopy':
        if (boolean()) mount.options.push('nocopy')
        break
      case 'u':
      case 'chown':
        if (boolean()) mount.options.push('U')
        break
      case 'bind-nonrecursive':
        if (boolean()) mount.options.push('bind-nonrecursive')
        break
      case 'bind-propagation':
        if (!/^r?(private|shared|slave)$/.test(value!)) throw bad(`invalid propagation: ${value}`)
        mount.options.push(value!)
        break
      case 'tmpfs-size':
        if (parseBytes(value!) === undefined) throw bad(`invalid value for ${key}: ${value}`)
        mount.options.push(`tmpfs-size=${parseBytes(value!)}`)
        break
      case 'tmpfs-mode':
        if (!/^[0-7]{1,4}$/.test(value!)) throw bad(`invalid value for ${key}: ${value}`)
        mount.options.push(`tmpfs-mode=${value}`)
        break
      case 'volume-subpath':
      case 'subpath':
        mount.options.push(`subpath=${value}`)
        break
      default:
        throw bad(`unexpected key '${key}' in '${field}'`)
    }
  }
  if (mount.target === '') throw bad('target is required')
  if (!mount.target.startsWith('/')) throw bad(`invalid mount target, must be an absolute path in the container: '${mount.target}'`)
  if (mount.type === 'tmpfs' && mount.source !== '') throw bad('cannot specify a source with a tmpfs mount')
  if ((mount.type === 'bind' || mount.type === 'image') && mount.source === '') throw bad(`source is required for a ${mount.type} mount`)
  const foreign = mount.options.find((option) => option.startsWith('tmpfs-') && mount.type !== 'tmpfs')
  if (foreign !== undefined) throw bad(`cannot mix 'tmpfs-*' options with mount type '${mount.type}'`)
  if (mount.type === 'volume' && mount.source !== '' && !volumeName.test(mount.source)) throw bad(`invalid volume name: ${JSON.stringify(mount.source)}`)
  return { ...mount, target: clean(mount.target), source: mount.type === 'bind' ? hostPath(mount.source) : mount.source }
}

const isPath = (source: string) => /^[/.~]/.test(source)
const hostPath = (source: string) => resolve(source.replace(/^~(?=\/|$)/, homedir()))
const clean = (target: string) => posix.normalize(target).replace(/(.)\/+$/, '$1')

/** One line of CSV: `a,"b,c",d`. */
export function csvFields(text: string): string[] {
  const fields: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/y
  while (pattern.lastIndex <= text.length) {
    const match = pattern.exec(text)
    if (match === null) throw usageError(`parse error on line 1: bare " in non-quoted-field: ${text}`)
    fields.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'))
    if (pattern.lastIndex >= text.length) {
      if (text.endsWith(',') && match[0].endsWith(',')) fields.push('')
      break
    }
  }
  return fields
}
