import { expect, test } from 'vitest'
import { backOff, isPassing, isPassingFailure, PATIENCE, retryAfter } from '../../../../lib/image/registry/back-off.ts'
import { NetworkFailure } from '../../../../lib/image/registry/network-failure.ts'

test('waits grow and end', () => {
  expect([1, 2, 3, 4, 5, 6, 9].map((failures) => backOff(PATIENCE, failures, 0.5))).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000])
  expect(backOff(PATIENCE, 1, 0)).toBeCloseTo(450)
  expect(backOff(PATIENCE, 1, 1)).toBeCloseTo(550)
})

test('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const ask = (value?: string) => retryAfter(value === undefined ? {} : { 'retry-after': value }, now)
  expect(ask('3')).toBe(3000)
  expect(ask('Thu, 01 Jan 2026 00:00:10 GMT')).toBe(10_000)
  expect(ask('Thu, 01 Jan 2020 00:00:10 GMT')).toBe(0)
  expect([ask(), ask(''), ask('soon'), ask('-1')].slice(0, 3)).toEqual([undefined, undefined, undefined])
})

test('what may pass', () => {
  expect([200, 401, 403, 404, 400, 405].some(isPassing)).toBe(false)
  expect([429, 500, 502, 503, 504].every(isPassing)).toBe(true)
  expect(isPassingFailure(new NetworkFailure('broken', ''), false)).toBe(true)
  expect(isPassingFailure(new NetworkFailure('refused', ''), false)).toBe(false)
  expect(isPassingFailure(new NetworkFailure('refused', ''), true)).toBe(true)
  expect(isPassingFailure(new NetworkFailure('tls', ''), true)).toBe(false)
})
