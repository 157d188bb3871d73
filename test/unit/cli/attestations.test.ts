import { expect, test } from 'vitest'
import { wantedAttestation } from '../../../lib/cli/attestations.ts'

const none = { attest: [], sbom: '', provenance: '' }

test.each([
  [none],
  [{ ...none, sbom: 'false', provenance: 'false' }],
  [{ ...none, provenance: '0' }],
  [{ ...none, provenance: 'disabled=true' }],
  [{ ...none, attest: ['type=provenance,disabled=true', 'type=sbom,disabled=1'] }],
  [{ ...none, attest: ['type=provenance,mode=min,inline-only=true,builder-id=https://x/y'] }],
])('%o asks for nothing', (flags) => {
  expect(wantedAttestation(flags)).toBeUndefined()
})

test.each([
  [{ ...none, sbom: 'true' }, '--sbom'],
  [{ ...none, provenance: 'true' }, '--provenance'],
  [{ ...none, provenance: 'mode=max' }, '--provenance'],
  [{ ...none, attest: ['type=sbom,generator=image'] }, '--attest type=sbom'],
  [{ ...none, attest: ['type=provenance,disabled=true', 'type=provenance,mode=max'] }, '--attest type=provenance'],
])('%o asks for %s', (flags, expected) => {
  expect(wantedAttestation(flags)).toBe(expected)
})

test.each(['mode=max', 'type=vex'])('--attest %s is no attestation', (attest) => {
  expect(() => wantedAttestation({ ...none, attest: [attest] })).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
