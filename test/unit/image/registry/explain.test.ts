import { describe, expect, test } from 'vitest'
import { type Asked, explainAnswer, explainFailure, parseComplaints } from '../../../../lib/image/registry/explain.ts'
import { NetworkFailure } from '../../../../lib/image/registry/network-failure.ts'

const asked: Asked = { host: 'localhost:5000', repository: 'team/app', name: 'localhost:5000/team/app', action: 'pull' }

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  url: new URL('http://localhost:5000/'),
  status,
  statusText: 'Some Status',
  headers: { 'content-type': 'application/json', ...headers },
  body: (async function* () {
    yield Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  })(),
  discard() {},
})

const explain = (status: number, body: unknown, headers?: Record<string, string>, what = 'manifest for localhost:5000/team/app:v9') =>
  explainAnswer(answer(status, body, headers), asked, what)
const errors = (code: string, message: string) => ({ errors: [{ code, message }] })

describe('answers', () => {
  test('an unknown tag', async () => {
    expect(await explain(404, errors('MANIFEST_UNKNOWN', 'manifest unknown'))).toMatchObject({
      code: 'MANIFEST_UNKNOWN',
      exitCode: 125,
      message: 'manifest for localhost:5000/team/app:v9 not found: manifest unknown',
    })
  })

  test('an unknown repository', async () => {
    expect((await explain(404, errors('NAME_UNKNOWN', 'repository name not known to registry'))).message).toBe(
      'repository localhost:5000/team/app not found: name unknown: repository name not known to registry',
    )
  })

  test('refused, in the words that scripts look for', async () => {
    for (const status of [401, 403]) {
      const error = await explain(status, errors('DENIED', 'requested access to the resource is denied'))
      expect(error.message).toContain(
        "pull access denied for localhost:5000/team/app, repository does not exist or may require 'lichen login': denied: requested access to the resource is denied",
      )
      expect(error.hint).toBe('lichen login localhost:5000')
    }
  })

  test('too many requests, and how long to wait', async () => {
    expect(await explain(429, errors('TOOMANYREQUESTS', 'slow down'), { 'retry-after': '120' })).toMatchObject({
      code: 'REGISTRY_BUSY',
      hint: 'try again in 120 seconds',
    })
  })

  test('what is no JSON', async () => {
    expect((await explain(500, 'database is gone\nstack', { 'content-type': 'text/plain' })).message).toBe(
      'registry localhost:5000 answers 500 for manifest for localhost:5000/team/app:v9: database is gone',
    )
    expect((await explain(502, '<html><body>Bad Gateway', { 'content-type': 'text/html' })).message).toContain('502 Some Status')
  })

  test('a body without end is not read to its end', async () => {
    let sent = 0
    const response = {
      ...answer(500, ''),
      body: (async function* () {
        for (;;) {
          sent++
          yield Buffer.alloc(65536, 'x')
        }
      })(),
    }
    expect((await explainAnswer(response, asked, 'layer')).message).toContain('500 Some Status')
    expect(sent).toBeLessThan(4)
  })
})

test.each([
  [
    JSON.stringify({
      errors: [
        { code: 'DENIED', message: 'no' },
        { code: 'X', detail: 'd' },
      ],
    }),
    [
      { code: 'DENIED', message: 'no' },
      { code: 'X', message: 'd' },
    ],
  ],
  [JSON.stringify({ errors: [{ code: 'bad code\n', message: 'two\nlines' }] }), [{ code: '', message: 'two' }]],
  [JSON.stringify({ errors: [null, 3, {}] }), []],
  [JSON.stringify({ errors: 'x' }), []],
  [JSON.stringify({ details: 'incorrect username or password' }), [{ code: '', message: 'incorrect username or password' }]],
  [JSON.stringify({ error: 'invalid_grant' }), [{ code: '', message: 'invalid_grant' }]],
  ['null', []],
  ['', []],
  ['x'.repeat(1000), [{ code: '', message: 'x'.repeat(300) }]],
])('complaints of %j', (text, complaints) => {
  expect(parseComplaints(text, '')).toEqual(complaints)
})

describe('failures', () => {
  test.each(['name', 'refused', 'tls', 'broken', 'stalled', 'proxy'] as const)('%s names registry, repository and reason', (kind) => {
    const error = explainFailure(new NetworkFailure(kind, 'the reason'), asked)
    expect(error).toMatchObject({ exitCode: 125, message: expect.stringMatching(/localhost:5000.*team\/app.*the reason/), hint: expect.any(String) })
  })

  test('anything else stays what it is', () => {
    const error = new Error('x')
    expect(explainFailure(error, asked)).toBe(error)
  })
})
