import { expect, test } from 'vitest'
import { parseChallenges } from '../../../../lib/image/registry/challenge.ts'

const bearer = (rest: object) => ({ scheme: 'bearer', realm: '', service: '', scope: '', error: '', ...rest })

test.each([
  ['Basic realm="Registry Realm"', [{ scheme: 'basic', realm: 'Registry Realm' }]],
  ['basic', [{ scheme: 'basic', realm: '' }]],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull"',
    [bearer({ realm: 'https://auth.docker.io/token', service: 'registry.docker.io', scope: 'repository:library/busybox:pull' })],
  ],
  [
    'Bearer realm="https://a/t", scope="repository:x:pull,push", error="insufficient_scope"',
    [bearer({ realm: 'https://a/t', scope: 'repository:x:pull,push', error: 'insufficient_scope' })],
  ],
  ['BEARER Realm = https://a/t , Service=s', [bearer({ realm: 'https://a/t', service: 's' })]],
  ['Basic realm="x", Bearer realm="https://a/t"', [{ scheme: 'basic', realm: 'x' }, bearer({ realm: 'https://a/t' })]],
  ['Negotiate, Basic realm="a \\"quoted\\" realm"', [{ scheme: 'basic', realm: 'a "quoted" realm' }]],
  ['Bearer service="no realm"', []],
  ['Digest realm="x"', []],
  ['', []],
  ['"unclosed', []],
])('%j', (header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges)
})

test('a hostile header takes no time', () => {
  const start = performance.now()
  parseChallenges(`Bearer realm="${'\\'.repeat(16_000)}`)
  parseChallenges(`${'a='.repeat(8_000)} ${'"'.repeat(8_000)}`)
  parseChallenges(`${', '.repeat(8_000)}x`)
  expect(performance.now() - start).toBeLessThan(500)
})
