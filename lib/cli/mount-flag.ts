import type { VolumeOption } from '../plan/options.ts'
import { csvFields } from './csv.ts'
import { parseBytes } from './size.ts'
import { invalidArgument, usageError } from './usage-error.ts'
import { badVolumeName, clean, hostPath, volumeName } from './volumes.ts'

type Bad = (why: string) => Error

interface Field {
  key: string
  /** Absent: the key stands alone. */
  value: string | undefined
  bad: Bad
}

/** The keys that may stand alone. */
const switches = new Set([
  'readonly',
  'ro',
  'rw',
  'readwrite',
  'volume-nocopy',
  'nocopy',
  'bind-nonrecursive',
  'u',
  'chown',
  'tmpcopyup',
  'notmpcopyup',
  'idmap',
])
const attributes = /^(no)?(exec|suid|dev)$/
const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  chown: 'u',
  subpath: 'volume-subpath',
  'image-subpath': 'volume-subpath',
  readwrite: 'rw',
  nocopy: 'volume-nocopy',
}

/** `--mount type=bind,source=/a,target=/b,readonly`: comma separated, fields may be quoted. Docker's options, and podman's. */
export function parseMount(text: string): VolumeOption {
  const bad: Bad = (why) => invalidArgument(text, '--mount', why)
  const mount: VolumeOption = { type: 'volume', source: '', target: '', readOnly: false, options: [] }
  let mode = false
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    const word = (equals === -1 ? field : field.slice(0, equals)).toLowerCase()
    const key = aliases[word] ?? word
    const value = equals === -1 ? undefined : field.slice(equals + 1)
    if (value === undefined && !switches.has(word) && !attributes.test(word)) throw bad(`invalid field '${field}' must be a key=value pair`)
    mode ||= key === 'readonly' || key === 'rw'
    if (!apply(mount, { key, value, bad })) throw bad(`unexpected key '${word}' in '${field}'`)
  }
  check(mount, bad)
  // An image is to be written to only where that is said.
  if (mount.type === 'image' && !mode) mount.readOnly = true
  return { ...mount, target: clean(mount.target), source: mount.type === 'bind' ? hostPath(mount.source) : mount.source }
}

/** False for a key that is unknown. */
function apply(mount: VolumeOption, field: Field): boolean {
  const { key, value = '', bad } = field
  const when = (option: string) => void (isTrue(field) && mount.options.push(option))
  switch (key) {
    case 'type':
      mount.type = mountType(value)
      return true
    case 'source':
    case 'target':
      mount[key] = value
      return true
    case 'readonly':
      mount.readOnly = isTrue(field)
      return true
    case 'rw':
      mount.readOnly = !isTrue(field)
      return true
    case 'u':
      when('U')
      return true
    case 'idmap':
      mount.options.push('idmap')
      return true
    case 'tmpcopyup':
    case 'notmpcopyup':
    case 'bind-nonrecursive':
      when(key)
      return true
    case 'relabel':
      if (value !== 'shared' && value !== 'private') throw bad(`invalid value for relabel: ${value}`)
      mount.options.push(value === 'shared' ? 'z' : 'Z')
      return true
    // For Docker Desktop; on Linux there is one way.
    case 'consistency':
      return true
    default:
      if (attributes.test(key)) when(key)
      return attributes.test(key) || applyBind(mount, field) || applyVolume(mount, field) || applyTmpfs(mount, field)
  }
}

function applyBind(mount: VolumeOption, { key, value = '', bad }: Field): boolean {
  switch (key) {
    case 'bind-propagation':
      if (!/^r?(private|shared|slave)$/.test(value)) throw config('bind', `invalid propagation mode: ${value}`)
      mount.options.push(value)
      return true
    case 'bind-recursive':
      // Read only is recursive here anyway, on every kernel that can do it.
      if (value === 'disabled') mount.options.push('bind-nonrecursive')
      else if (!['enabled', 'writable', 'readonly'].includes(value))
        throw bad(`invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable" or "readonly")`)
      else if (value === 'writable') throw bad('bind-recursive=writable: what is mounted below a read-only mount is read-only as well')
      return true
    default:
      return false
  }
}

function applyVolume(mount: VolumeOption, field: Field): boolean {
  const { key, value = '', bad } = field
  const made = () => (mount.volume ??= { labels: {}, options: {} })
  const pair = (): [string, string] => {
    const equals = value.indexOf('=')
    return equals === -1 ? [value, ''] : [value.slice(0, equals), value.slice(equals + 1)]
  }
  switch (key) {
    case 'volume-nocopy':
      if (isTrue(field)) mount.options.push('nocopy')
      return true
    case 'volume-subpath':
      mount.options.push(`subpath=${value}`)
      return true
    case 'volume-driver':
      if (value !== 'local') throw bad(`error looking up volume plugin ${value}: plugin "${value}" not found`)
      made()
      return true
    case 'volume-label':
      Object.assign(made().labels, Object.fromEntries([pair()]))
      return true
    case 'volume-opt':
      Object.assign(made().options, Object.fromEntries([pair()]))
      return true
    default:
      return false
  }
}

function applyTmpfs(mount: VolumeOption, { key, value = '', bad }: Field): boolean {
  switch (key) {
    case 'tmpfs-size':
      if (parseBytes(value) === undefined) throw bad(`invalid value for ${key}: ${value}`)
      mount.options.push(`tmpfs-size=${parseBytes(value)}`)
      return true
    case 'tmpfs-mode':
      if (!/^[0-7]{1,4}$/.test(value)) throw bad(`invalid value for ${key}: ${value}`)
      mount.options.push(`tmpfs-mode=${value}`)
      return true
    default:
      return false
  }
}

function check(mount: VolumeOption, bad: Bad): void {
  const { type, source, target, options } = mount
  if (target === '') throw bad('target is required')
  if (!target.startsWith('/')) throw config(type, `invalid mount path: '${target}' mount path must be absolute`)
  if (type === 'tmpfs' && source !== '') throw config(type, 'field Source must not be specified')
  if ((type === 'bind' || type === 'image') && source === '') throw config(type, 'field Source must not be empty')
  const has = (pattern: RegExp) => options.some((option) => pattern.test(option))
  const foreign = (what: string) => bad(`cannot mix '${what}' options with mount type '${type}'`)
  if (type !== 'tmpfs' && has(/^(tmpfs-|(no)?tmpcopyup)/)) throw foreign('tmpfs-*')
  if (type !== 'volume' && (mount.volume !== undefined || has(/^nocopy$/) || (type !== 'image' && has(/^subpath=/)))) throw foreign('volume-*')
  if (type !== 'bind' && has(/^(r?(private|shared|slave)|bind-nonrecursive)$/)) throw foreign('bind-*')
  if (type === 'volume' && source !== '' && !volumeName.test(source)) throw badVolumeName(source)
}

const config = (type: string, why: string) => usageError(`invalid mount config for type ${JSON.stringify(type)}: ${why}`)

function mountType(value: string): VolumeOption['type'] {
  const type = value.toLowerCase()
  if (type === 'bind' || type === 'volume' || type === 'tmpfs' || type === 'image') return type
  throw usageError(`invalid mount config for type ${JSON.stringify(value)}: mount type unknown`, 'bind, volume, tmpfs or image')
}

function isTrue({ key, value, bad }: Field): boolean {
  if (value === undefined || value === '1' || value === 'true') return true
  if (value === '0' || value === 'false') return false
  throw bad(`invalid value for ${key}: ${value}`)
}
