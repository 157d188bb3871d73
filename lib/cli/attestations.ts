import { csvFields } from './csv.ts'
import { usageError } from './usage-error.ts'

/**
 * The first of `--attest type=...`, `--sbom`, `--provenance` that wants something; undefined where they only say what is not wanted. Attestations
 * that are wished for `inline-only` are so only where whoever writes the image can have them. Throws USAGE.
 */
export function wantedAttestation({ attest, sbom, provenance }: { attest: readonly string[]; sbom: string; provenance: string }): string | undefined {
  for (const text of attest) {
    const values = fieldsOf(text)
    const type = values.get('type')
    if (type === undefined) throw usageError(`attestation type not specified: ${text}`, '--attest type=provenance,mode=min', 1)
    if (type !== 'sbom' && type !== 'provenance') throw usageError(`invalid attestation type ${JSON.stringify(type)}`, 'type=sbom or type=provenance', 1)
    if (isWanted(values)) return `--attest type=${type}`
  }
  for (const [flag, text] of Object.entries({ sbom, provenance })) if (text !== '' && isWanted(fieldsOf(text))) return `--${flag}`
  return undefined
}

const isWanted = (values: ReadonlyMap<string, string>): boolean => !isTrue(values.get('disabled')) && !isTrue(values.get('inline-only'))

const isTrue = (text: string | undefined): boolean => text === 'true' || text === '1'

/** A bare `false` disables, as `--provenance=false`. */
const fieldsOf = (text: string): Map<string, string> =>
  new Map(
    csvFields(text).map((field) => {
      if (['false', '0'].includes(field)) return ['disabled', 'true']
      const equals = field.indexOf('=')
      return equals === -1 ? [field, ''] : [field.slice(0, equals).trim(), field.slice(equals + 1)]
    }),
  )
