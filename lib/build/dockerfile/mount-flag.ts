/** `RUN --mount=...`, form checked; names of stages and secrets are not. */
export interface RunMount {
  type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh'
  /** A stage, an image or a named context. */
  from: string | undefined
  /** Path in `from`, or in the context. */
  source: string
  target: string | undefined
  readOnly: boolean
  id: string | undefined
  sharing: 'shared' | 'private' | 'locked'
  required: boolean
  /** Bits of a secret, a socket, or the folder of a new cache. */
  mode: number | undefined
  uid: number | undefined
  gid: number | undefined
  /** Bytes of a tmpfs. */
  size: number | undefined
  /** A secret becomes this variable. */
  env: string | undefined
}

const TYPES = ['bind', 'cache', 'tmpfs', 'secret', 'ssh']
const KEYS: Readonly<Record<RunMount['type'], readonly string[]>> = {
  bind: ['from', 'source', 'target', 'readonly'],
  cache: ['from', 'source', 'target', 'readonly', 'id', 'sharing', 'mode', 'uid', 'gid'],
  tmpfs: ['target', 'size'],
  secret: ['id', 'source', 'target', 'required', 'mode', 'uid', 'gid', 'env'],
  ssh: ['id', 'target', 'required', 'mode', 'uid', 'gid'],
}
const ALIASES: Readonly<Record<string, string>> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' }

/** The flag's text, expanded. Throws SyntaxError. */
export function parseMount(text: string): RunMount {
  const fields = new Map<string, string>()
  for (const field of csv(text)) {
    const equals = field.indexOf('=')
    const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase()
    const value = equals === -1 ? undefined : field.slice(equals + 1)
    if (key === 'rw' || key === 'readwrite') fields.set('readonly', String(!truth(value, field)))
    else fields.set(ALIASES[key] ?? key, value ?? bare(key, field))
  }
  const type = fields.get('type') ?? 'bind'
  fields.delete('type')
  if (!isType(type)) throw new SyntaxError(`unsupported mount type ${JSON.stringify(type)}: one of ${TYPES.join(' ')}`)
  for (const key of fields.keys()) {
    if (!KEYS[type].includes(key)) throw new SyntaxError(`unexpected key '${key}' for mount type '${type}': it takes ${KEYS[type].join(' ')}`)
  }
  const mount: RunMount = {
    type,
    from: fields.get('from') || undefined,
    source: fields.get('source') ?? '',
    target: fields.get('target') || undefined,
    readOnly: fields.has('readonly') ? truth(fields.get('readonly'), 'readonly') : type === 'bind',
    id: fields.get('id') || undefined,
    sharing: sharing(fields.get('sharing')),
    required: fields.has('required') && truth(fields.get('required'), 'required'),
    mode: number(fields, 'mode', 8),
    uid: number(fields, 'uid', 10),
    gid: number(fields, 'gid', 10),
    size: size(fields.get('size')),
    env: fields.get('env') || undefined,
  }
  if (mount.target === undefined && type !== 'secret' && type !== 'ssh') throw new SyntaxError(`mount of type ${type} requires a target`)
  if (type === 'secret' && mount.id === undefined && mount.source === '' && mount.target === undefined) throw new SyntaxError('secret mount requires an id')
  return mount
}

const isType = (type: string): type is RunMount['type'] => TYPES.includes(type)

function bare(key: string, field: string): string {
  if (key === 'readonly' || key === 'ro' || key === 'required') return 'true'
  throw new SyntaxError(`invalid field '${field}' must be a key=value pair`)
}

function truth(value: string | undefined, field: string): boolean {
  if (value === undefined || /^(true|1)$/i.test(value)) return true
  if (/^(false|0)$/i.test(value)) return false
  throw new SyntaxError(`invalid value for '${field}': ${value}`)
}

function sharing(value: string | undefined): RunMount['sharing'] {
  if (value === undefined) return 'shared'
  if (value === 'shared' || value === 'private' || value === 'locked') return value
  throw new SyntaxError(`unsupported sharing value ${JSON.stringify(value)}: one of shared private locked`)
}

function number(fields: ReadonlyMap<string, string>, key: string, base: 8 | 10): number | undefined {
  const value = fields.get(key)
  if (value === undefined) return undefined
  if (!(base === 8 ? /^0?o?[0-7]{1,7}$/ : /^\d{1,10}$/).test(value)) throw new SyntaxError(`invalid value ${value} for ${key}`)
  return Number.parseInt(value.replace('o', ''), base)
}

function size(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(value) ?? []
  if (count === '') throw new SyntaxError(`invalid value for size: ${value}`)
  return Math.floor(Number(count) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '))
}

/** Go's encoding/csv, one record: a field may stand in quotes, two quotes are one. */
function csv(text: string): string[] {
  const fields: string[] = []
  for (let at = 0; at <= text.length; ) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/.exec(text.slice(at))
    if (match === null) throw new SyntaxError(`invalid mount: a quote is out of place in ${text}`)
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    at += match[0].length
    if (!match[0].endsWith(',')) break
  }
  return fields
}
