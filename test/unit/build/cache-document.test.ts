import { expect, test } from 'vitest'
import { CACHE_CONFIG, cacheConfiguration, INLINE_KEY, readCacheDocument, type SharedStep } from '../../../lib/build/cache-document.ts'

const digest = (digit: string) => `sha256:${digit.repeat(64)}`
const layer = { diffId: digest('1'), blob: { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digest('2'), size: 10 }, size: 5 }
const steps: SharedStep[] = [
  { key: 'a'.repeat(64), created: '2026-01-01T00:00:00Z', layer },
  { key: 'b'.repeat(64), created: '2026-01-01T00:00:00Z' },
]
const inline = (document: object) => readCacheDocument(Buffer.from(JSON.stringify(document)), 'application/vnd.oci.image.config.v1+json')

test('what was written is read', () => {
  expect(readCacheDocument(cacheConfiguration({ steps, diffIds: [digest('1')] }), CACHE_CONFIG)).toEqual({ steps, diffIds: [digest('1')] })
  expect(inline({ rootfs: { diff_ids: [digest('3')] }, [INLINE_KEY]: { steps } })).toEqual({ steps, diffIds: [digest('3')] })
})

test('an image without a cache has none', () => {
  expect(inline({ rootfs: { diff_ids: [] } })).toBeUndefined()
  expect(readCacheDocument(Buffer.from('no JSON'), CACHE_CONFIG)).toBeUndefined()
  expect(readCacheDocument(Buffer.from('[]'), CACHE_CONFIG)).toBeUndefined()
})

test.each([
  ['a key that is a path', { ...steps[0], key: '../../x' }],
  ['a time that is none', { ...steps[0], created: 'yesterday' }],
  ['a diffID that is no digest', { ...steps[0], layer: { ...layer, diffId: 'sha256:../x' } }],
  ['a blob without a size', { ...steps[0], layer: { ...layer, blob: { ...layer.blob, size: -1 } } }],
  ['a layer that is a word', { ...steps[0], layer: 'x' }],
  ['nothing', null],
])('%s is left out', (_, step) => {
  expect(readCacheDocument(Buffer.from(JSON.stringify({ diffIds: [], steps: [step, steps[1]] })), CACHE_CONFIG)?.steps).toEqual([steps[1]])
})
