import { csvFields } from './csv.ts'
import { usageError } from './usage-error.ts'

/** Where the result of a build goes. `dest` undefined: standard output. */
export type BuildOutput =
  | { kind: 'image'; names: string[]; push: boolean; annotations: Record<string, string> }
  | { kind: 'oci' | 'docker'; names: string[]; dest: string | undefined; annotations: Record<string, string> }
  /** An OCI layout in a folder. */
  | { kind: 'layout'; names: string[]; dest: string; annotations: Record<string, string> }
  /** `split`: each platform has a folder of its own; undefined: where there are several. */
  | { kind: 'tar'; dest: string | undefined; split: boolean | undefined }
  | { kind: 'local'; dest: string; split: boolean | undefined }
  | { kind: 'cacheonly' }

const TYPES = ['local', 'tar', 'oci', 'docker', 'image', 'registry', 'cacheonly']
/** Of images; what they ask for is done anyway, or changes nothing here. */
const HARMLESS = ['oci-mediatypes', 'unpack', 'store', 'name-canonical', 'dangling-name-prefix', 'platform-split', 'context', 'rewrite-timestamp']

/** `--output type=...,dest=...`, `FOLDER`, `-`. Throws USAGE. */
export function parseBuildOutput(text: string): BuildOutput {
  const fields = csvFields(text)
  if (fields.length === 1 && !text.includes('='))
    return text === '-' ? { kind: 'tar', dest: undefined, split: undefined } : { kind: 'local', dest: text, split: undefined }
  const values = new Map<string, string>()
  for (const field of fields) {
    const equals = field.indexOf('=')
    if (equals === -1) throw usageError(`invalid value ${field}`, 'type=local,dest=FOLDER', 1)
    const key = field.slice(0, equals)
    values.set(key.startsWith('annotation') ? key : key.trim().toLowerCase(), field.slice(equals + 1))
  }
  const type = values.get('type')
  if (type === undefined) throw usageError('type is required for output', `type=${TYPES.join('|')}`, 1)
  if (!TYPES.includes(type)) throw usageError(`unknown output type ${JSON.stringify(type)}`, `one of: ${TYPES.join(' ')}`, 1)
  checkKeys(type, values)
  const dest = values.get('dest')
  const annotations = Object.fromEntries([...values].flatMap(([key, value]) => annotation(key, value)))
  const names = (values.get('name') ?? '').split(',').filter((name) => name !== '')
  const split = values.has('platform-split') ? isTrue(values.get('platform-split')) : undefined
  const file = dest === '-' ? undefined : dest
  switch (type) {
    case 'local':
      if (dest === undefined || dest === '') throw usageError('dest is required for local output', 'type=local,dest=FOLDER', 1)
      return { kind: 'local', dest, split }
    case 'tar':
      return { kind: 'tar', dest: file, split }
    case 'cacheonly':
      return { kind: 'cacheonly' }
    case 'image':
    case 'registry':
      return { kind: 'image', names, push: type === 'registry' || isTrue(values.get('push')), annotations }
    case 'docker':
      // As buildx: without a file it goes to where the images are.
      if (dest === undefined) return { kind: 'image', names, push: false, annotations }
      return { kind: 'docker', names, dest: file, annotations }
    default:
      if (values.get('tar') !== 'false') return { kind: 'oci', names, dest: file, annotations }
      if (file === undefined) throw usageError('dest is required for an OCI layout', 'type=oci,tar=false,dest=FOLDER', 1)
      return { kind: 'layout', names, dest: file, annotations }
  }
}

function checkKeys(type: string, values: ReadonlyMap<string, string>): void {
  const images = !['local', 'tar', 'cacheonly'].includes(type)
  const known = ['type', 'dest', ...(images ? ['name', 'push', 'tar', 'compression', 'force-compression'] : []), ...HARMLESS]
  for (const [key, value] of values) {
    if (images && key.startsWith('annotation')) continue
    if (!known.includes(key)) throw usageError(`unknown key ${JSON.stringify(key)} in output ${type}`, `known: ${known.join(' ')}`, 1)
    if (key === 'compression' && value !== 'uncompressed') {
      throw usageError(`compression=${value} is not supported: layers are kept as they were made`, 'compression=uncompressed, or compress the archive', 1)
    }
  }
}

const isTrue = (text: string | undefined) => text === '' || text === '1' || text?.toLowerCase() === 'true'

/** `annotation.KEY`, `annotation-manifest.KEY`; there is no index to have any. */
function annotation(key: string, value: string): [string, string][] {
  const [, where, name = ''] = /^annotation(-[a-z-]+)?(?:\[[^\]]*\])?\.(.+)$/.exec(key) ?? []
  if (name === '') return []
  if (where !== undefined && where !== '-manifest') throw noIndex()
  return [[name, value]]
}

/** `--annotation KEY=VALUE`, `manifest:KEY=VALUE`, `manifest[PLATFORM]:KEY=VALUE`. Throws USAGE. */
export function parseAnnotations(flags: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    flags.map((flag) => {
      const [, where, name = '', value = ''] =
        /^(?:((?:manifest|index|manifest-descriptor|index-descriptor)(?:\[[^\]]*\])?(?:,[a-z-]+(?:\[[^\]]*\])?)*):)?([^=]+)=(.*)$/s.exec(flag) ?? []
      if (name === '') throw usageError(`invalid annotation ${JSON.stringify(flag)}, expected key=value`, undefined, 1)
      const places = (where ?? 'manifest').split(',').map((place) => place.replace(/\[.*\]$/, ''))
      if (!places.includes('manifest')) throw noIndex()
      return [name, value]
    }),
  )
}

const noIndex = () => usageError('index annotations not supported for single platform export', '--annotation manifest:KEY=VALUE', 1)
