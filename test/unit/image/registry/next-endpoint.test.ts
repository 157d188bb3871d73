import { expect, test } from 'vitest'
import { NetworkFailure } from '../../../../lib/image/registry/network-failure.ts'
import { mayAskNext } from '../../../../lib/image/registry/next-endpoint.ts'
import { LichenError } from '../../../../lib/system/errors.ts'

const endpoint = { base: 'http://127.0.0.1:1', host: '127.0.0.1:1', insecure: true, mirror: false, another: true }
const broken = new NetworkFailure('broken', 'the connection was cut')

test.each([
  [broken, true],
  [new NetworkFailure('refused', ''), true],
  [new NetworkFailure('tls', 'it does not speak TLS there'), true],
  [new NetworkFailure('tls', 'certificate has expired'), false],
  [new NetworkFailure('name', ''), false],
  [new LichenError('x', { code: 'MANIFEST_UNKNOWN' }), false],
] as const)('the other scheme after %s: %s', (error, next) => {
  expect(mayAskNext(endpoint, error, false)).toBe(next)
})

test('a download that breaks off is no reason to speak otherwise with a registry that has answered', () => {
  expect(mayAskNext(endpoint, broken, true)).toBe(false)
  expect(mayAskNext({ ...endpoint, mirror: true }, broken, true)).toBe(true)
})

test('behind a mirror stands the registry, but a full disk is full there too', () => {
  const mirror = { ...endpoint, mirror: true }
  expect(mayAskNext(mirror, new LichenError('x', { code: 'BLOB_MISMATCH' }), true)).toBe(true)
  expect(mayAskNext(mirror, new LichenError('x', { code: 'DISK_FULL' }), true)).toBe(false)
  expect(mayAskNext({ ...endpoint, another: false }, broken, false)).toBe(false)
})
