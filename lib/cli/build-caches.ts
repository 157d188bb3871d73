import { csvFields } from './csv.ts'
import { usageError } from './usage-error.ts'

export type CacheSource = { kind: 'registry'; reference: string } | { kind: 'local'; path: string; tag: string; digest: string | undefined }

export type CacheTarget =
  | { kind: 'inline' }
  | (({ kind: 'registry'; reference: string } | { kind: 'local'; path: string; tag: string }) & {
      /** The layers of all steps, or but those of the result. */
      mode: 'min' | 'max'
      ignoreError: boolean
    })

const KNOWN = {
  from: { registry: ['ref'], local: ['src', 'tag', 'digest'] },
  to: { registry: ['ref'], local: ['dest', 'tag'], inline: [] },
}
/** Of what is written; what is here said otherwise is refused. */
const WRITING = ['mode', 'ignore-error', 'oci-mediatypes', 'image-manifest', 'compression', 'compression-level', 'force-compression']

/** `--cache-from type=registry,ref=NAME`, `type=local,src=FOLDER`, `NAME`. Throws USAGE. */
export function parseCacheFrom(text: string): CacheSource[] {
  const fields = csvFields(text)
  if (fields.every((field) => !field.includes('='))) return fields.filter((name) => name !== '').map((reference) => ({ kind: 'registry', reference }))
  const { type, values } = valuesOf('--cache-from', fields, KNOWN.from, [])
  if (type === 'registry') return [{ kind: 'registry', reference: needed(values, 'ref', '--cache-from type=registry,ref=NAME') }]
  const path = needed(values, 'src', '--cache-from type=local,src=FOLDER')
  return [{ kind: 'local', path, tag: values.get('tag') ?? 'latest', digest: values.get('digest') }]
}

/** `--cache-to type=registry,ref=NAME`, `type=local,dest=FOLDER`, `type=inline`, `NAME`. Throws USAGE. */
export function parseCacheTo(text: string): CacheTarget[] {
  const fields = csvFields(text)
  if (fields.every((field) => !field.includes('=')))
    return fields.filter((name) => name !== '').map((reference) => ({ kind: 'registry', reference, mode: 'min', ignoreError: false }))
  const { type, values } = valuesOf('--cache-to', fields, KNOWN.to, WRITING)
  if (type === 'inline') return [{ kind: 'inline' }]
  const mode = values.get('mode') ?? 'min'
  if (mode !== 'min' && mode !== 'max') throw usageError(`unknown cache export mode ${JSON.stringify(mode)}`, 'mode=min or mode=max', 1)
  const writing = { mode, ignoreError: values.get('ignore-error') === 'true' } as const
  if (type === 'registry') return [{ kind: 'registry', reference: needed(values, 'ref', '--cache-to type=registry,ref=NAME'), ...writing }]
  return [{ kind: 'local', path: needed(values, 'dest', '--cache-to type=local,dest=FOLDER'), tag: values.get('tag') ?? 'latest', ...writing }]
}

function valuesOf(flag: string, fields: readonly string[], types: Readonly<Record<string, readonly string[]>>, common: readonly string[]) {
  const values = new Map<string, string>()
  for (const field of fields) {
    const equals = field.indexOf('=')
    if (equals === -1) throw usageError(`invalid value ${field}`, `${flag} type=registry,ref=NAME`, 1)
    values.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1))
  }
  const type = values.get('type')
  if (type === undefined) throw usageError(`type required form> ${JSON.stringify(fields.join(','))}`, `${flag} type=${Object.keys(types).join('|')}`, 1)
  const known = types[type]
  if (known === undefined) throw usageError(`${flag} type=${type} is not supported`, `type=${Object.keys(types).join(', type=')}`, 1)
  for (const [key, value] of values) {
    if (key === 'type') continue
    if (![...known, ...common].includes(key)) throw usageError(`unknown key ${JSON.stringify(key)} in ${flag} type=${type}`, `known: ${known.join(' ')}`, 1)
    refuse(flag, key, value)
  }
  return { type, values }
}

/** A cache is an OCI image manifest, with layers as they were made. */
function refuse(flag: string, key: string, value: string): void {
  const other = key === 'compression' ? value !== 'uncompressed' : ['oci-mediatypes', 'image-manifest'].includes(key) && value !== 'true'
  if (other)
    throw usageError(
      `${key}=${value} is not supported by ${flag}`,
      `${key}=${key === 'compression' ? 'uncompressed: layers are kept as they were made' : 'true'}`,
      1,
    )
}

function needed(values: ReadonlyMap<string, string>, key: string, usage: string): string {
  const value = values.get(key)
  if (value === undefined || value === '') throw usageError(`${key} is required: ${usage}`, usage, 1)
  return value
}
