import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { authoriser } from '../../../../lib/image/registry/authoriser.ts'
import type { Credentials } from '../../../../lib/image/registry/credentials.ts'
import { readBody } from '../../../../lib/image/registry/http.ts'
import { openSession, type Session } from '../../../../lib/image/registry/session.ts'
import { openTransport } from '../../../../lib/image/registry/transport.ts'

interface Server {
  host: string
  url: string
  seen: { path: string; headers: IncomingMessage['headers'] }[]
}

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0)) step()
})

async function serve(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void, address = '127.0.0.1'): Promise<Server> {
  const seen: Server['seen'] = []
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers })
    answer(request, response, seen.length)
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  undo.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `${address}:${(server.address() as AddressInfo).port}`
  return { host, url: `http://${host}`, seen }
}

interface Wish {
  credentials?: Credentials
  insecure?: boolean
  another?: boolean
  isInsecure?: (host: string) => boolean
}

function session(
  { url, host }: { url: string; host: string },
  { credentials, insecure = true, another = false, isInsecure = (name) => name.startsWith('127.') }: Wish = {},
): Session {
  const transport = openTransport({ isInsecure, certificateFolders: [], env: {}, limits: { connect: 1000, answer: 400, stall: 300 } })
  undo.push(() => transport.close())
  const endpoint = { base: url, host, insecure, mirror: false, another }
  return openSession({
    transport,
    endpoint,
    authoriser: authoriser({ transport, endpoint, scopes: ['repository:x:pull'], credentials: async () => credentials }),
    patience: { first: 10, most: 40, retryAfter: 1500 },
  })
}

const get = async (from: Session, path = '/v2/x/blobs/1') => {
  const response = await from.send({ method: 'GET', path })
  return { status: response.status, text: (await readBody(response, 1000)).toString() }
}
const basic = (words: string) => `Basic ${Buffer.from(words).toString('base64')}`
const me: Credentials = { kind: 'password', username: 'me', password: 'secret' }

describe('trying again', () => {
  test.each([429, 500, 502, 503, 504])('%i is asked again until it is answered', async (status) => {
    const server = await serve((_, response, count) => void response.writeHead(count < 3 ? status : 200).end('ok'))
    expect(await get(session(server))).toEqual({ status: 200, text: 'ok' })
    expect(server.seen).toHaveLength(3)
  })

  test('not for ever', async () => {
    const server = await serve((_, response) => void response.writeHead(503).end('down'))
    expect(await get(session(server))).toEqual({ status: 503, text: 'down' })
    expect(server.seen).toHaveLength(5)
  })

  test('Retry-After is waited out where it is short, and else told', async () => {
    const server = await serve((_, response, count) => void response.writeHead(count === 1 ? 429 : 200, { 'Retry-After': '1' }).end())
    const start = performance.now()
    expect((await get(session(server))).status).toBe(200)
    expect(performance.now() - start).toBeGreaterThan(950)
    const slow = await serve((_, response) => void response.writeHead(429, { 'Retry-After': '3600' }).end())
    expect((await get(session(slow))).status).toBe(429)
    expect(slow.seen).toHaveLength(1)
  })

  test('a connection that is cut', async () => {
    const server = await serve((request, response, count) => void (count < 3 ? request.socket.destroy() : response.end('ok')))
    expect((await get(session(server))).text).toBe('ok')
  })

  test('a server that says nothing is given up sooner', async () => {
    const server = await serve(() => {})
    await expect(get(session(server))).rejects.toMatchObject({ kind: 'stalled' })
    expect(server.seen).toHaveLength(3)
  })

  test('nobody there: at once', async () => {
    const start = performance.now()
    await expect(get(session({ url: 'http://127.0.0.1:1', host: '127.0.0.1:1' }))).rejects.toMatchObject({ kind: 'refused' })
    expect(performance.now() - start).toBeLessThan(300)
  })

  test('where another one can be asked, it is', async () => {
    const server = await serve((request) => void request.socket.destroy())
    await expect(get(session(server, { another: true }))).rejects.toMatchObject({ kind: 'broken' })
    expect(server.seen).toHaveLength(1)
  })

  test('what is to be done once is done once', async () => {
    const server = await serve((_, response) => void response.writeHead(503).end())
    const response = await session(server).send({ method: 'PUT', path: '/v2/x/blobs/uploads/1', once: true, body: Buffer.from('x') })
    expect([response.status, server.seen.length]).toEqual([503, 1])
  })
})

describe('authorisation', () => {
  const guarded = (accepted: string, challenge: string) =>
    serve(
      (request, response) =>
        void (request.headers.authorization === accepted ? response.end('ok') : response.writeHead(401, { 'WWW-Authenticate': challenge }).end('who?')),
    )

  test('Basic, once it is asked for', async () => {
    const server = await guarded(basic('me:secret'), 'Basic realm="x"')
    const talk = session(server, { credentials: me })
    expect([(await get(talk)).text, (await get(talk)).text]).toEqual(['ok', 'ok'])
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, basic('me:secret'), basic('me:secret')])
  })

  test('credentials that are wrong are shown once', async () => {
    const server = await guarded(basic('me:other'), 'Basic realm="x"')
    expect(await get(session(server, { credentials: me }))).toEqual({ status: 401, text: 'who?' })
    expect(server.seen).toHaveLength(2)
  })

  test('one token for all who ask at the same time', async () => {
    const tokens = await serve((_, response) => void setTimeout(() => response.end('{"token":"abc"}'), 30))
    const server = await guarded('Bearer abc', `Bearer realm="${tokens.url}/t",service="s",scope="repository:x:pull"`)
    const talk = session(server)
    expect((await Promise.all([1, 2, 3].map((n) => get(talk, `/v2/x/blobs/${n}`)))).map(({ text }) => text)).toEqual(['ok', 'ok', 'ok'])
    expect(tokens.seen.map(({ path }) => path)).toEqual(['/t?service=s&scope=repository%3Ax%3Apull'])
  })

  test('a token that has run out is replaced', async () => {
    let good = 'one'
    const tokens = await serve((_, response) => void response.end(JSON.stringify({ access_token: good })))
    const server = await serve(
      (request, response) =>
        void (request.headers.authorization === `Bearer ${good}`
          ? response.end('ok')
          : response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${tokens.url}/t"` }).end()),
    )
    const talk = session(server)
    expect((await get(talk)).text).toBe('ok')
    good = 'two'
    expect((await get(talk)).text).toBe('ok')
    expect(tokens.seen).toHaveLength(2)
  })

  test('a refresh token is changed for an access token', async () => {
    let form = ''
    const tokens = await serve((request, response) => {
      request.on('data', (part) => (form += part))
      request.on('end', () => response.end('{"access_token":"abc"}'))
    })
    const server = await guarded('Bearer abc', `Bearer realm="${tokens.url}/t",service="s"`)
    expect((await get(session(server, { credentials: { kind: 'identity', token: 'refresh' } }))).text).toBe('ok')
    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
      grant_type: 'refresh_token',
      service: 's',
      client_id: 'lichen',
      scope: 'repository:x:pull',
      refresh_token: 'refresh',
    })
  })

  test('what a token server refuses is told in its words', async () => {
    const tokens = await serve((_, response) => void response.writeHead(401).end('{"details":"incorrect username or password"}'))
    const server = await guarded('Bearer abc', `Bearer realm="${tokens.url}/t"`)
    expect(await get(session(server, { credentials: me }))).toEqual({ status: 401, text: '{"details":"incorrect username or password"}' })
  })

  test.each(['{}', '[]', 'null', 'nonsense', '{"token":"a b"}', '{"token":"a\\r\\nX: y"}'])('%s is no token', async (text) => {
    const tokens = await serve((_, response) => void response.end(text))
    const server = await guarded('Bearer abc', `Bearer realm="${tokens.url}/t"`)
    await expect(get(session(server))).rejects.toMatchObject({ code: 'BAD_TOKEN' })
  })
})

/** SECURITY: credentials (CVE-2019-10214, CVE-2020-15157, CVE-2021-41092). */
describe('credentials go nowhere else', () => {
  test('not with a redirect to another host', async () => {
    const other = await serve((_, response) => void response.end('blob'), '127.0.0.2')
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end()
      else response.writeHead(307, { Location: `${other.url}/blob?signature=1` }).end()
    })
    expect((await get(session(server, { credentials: me }))).text).toBe('blob')
    expect(other.seen).toHaveLength(1)
    expect(other.seen[0]!.headers.authorization).toBeUndefined()
  })

  test('nor to another port, nor back again over another host', async () => {
    const home = { url: '' }
    const other = await serve((_, response) => void response.writeHead(302, { Location: `${home.url}/last` }).end())
    const server = await serve((request, response) => {
      if (request.url === '/last') response.end(request.headers.authorization ?? 'nothing')
      else if (request.headers.authorization === undefined) response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end()
      else response.writeHead(302, { Location: `${other.url}/` }).end()
    })
    home.url = server.url
    expect((await get(session(server, { credentials: me }))).text).toBe('nothing')
    expect(other.seen[0]!.headers.authorization).toBeUndefined()
  })

  test('within one host they stay', async () => {
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end()
      else if (request.url === '/last') response.end('ok')
      else response.writeHead(308, { Location: '/last' }).end()
    })
    expect((await get(session(server, { credentials: me }))).text).toBe('ok')
  })

  test('who is redirected to and asks for credentials gets none', async () => {
    const other = await serve((_, response) => void response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end('give'), '127.0.0.2')
    const server = await serve((_, response) => void response.writeHead(307, { Location: `${other.url}/` }).end())
    expect((await get(session(server, { credentials: me }))).status).toBe(401)
    expect(other.seen.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  test('not to a token server in the clear', async () => {
    for (const realm of ['http://auth.example/token', 'ftp://auth.example/', 'nonsense', 'file:///etc/passwd']) {
      const server = await serve((_, response) => void response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${realm}"` }).end())
      await expect(get(session(server, { credentials: me }))).rejects.toMatchObject({ code: 'UNSAFE_REALM' })
    }
  })

  test('not in the clear to a registry that is not said to be insecure', async () => {
    const server = await serve((_, response) => void response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end())
    expect((await get(session(server, { credentials: me, insecure: false }))).status).toBe(401)
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  test('a token server that sends elsewhere takes nothing along', async () => {
    const other = await serve((_, response) => void response.end('{"token":"abc"}'), '127.0.0.2')
    const tokens = await serve((_, response) => void response.writeHead(307, { Location: `${other.url}/t` }).end())
    const server = await serve(
      (request, response) =>
        void (request.headers.authorization === 'Bearer abc'
          ? response.end('ok')
          : response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${tokens.url}/t"` }).end()),
    )
    expect((await get(session(server, { credentials: me }))).text).toBe('ok')
    expect(tokens.seen[0]!.headers.authorization).toBe(basic('me:secret'))
    expect(other.seen[0]!.headers.authorization).toBeUndefined()
  })
})

describe('redirects', () => {
  test('end', async () => {
    const server = await serve((_, response) => void response.writeHead(302, { Location: '/again' }).end())
    await expect(get(session(server))).rejects.toMatchObject({ code: 'BAD_REDIRECT' })
    expect(server.seen).toHaveLength(9)
  })

  test.each(['file:///etc/passwd', 'gopher://x/', 'http://[', 'data:text/plain,x'])('to %j are refused', async (location) => {
    const server = await serve((_, response) => void response.writeHead(302, { Location: location }).end())
    await expect(get(session(server))).rejects.toMatchObject({ code: 'BAD_REDIRECT' })
  })

  test('what is uploaded is not carried elsewhere', async () => {
    const other = await serve((_, response) => void response.end('mine'), '127.0.0.2')
    const server = await serve((_, response) => void response.writeHead(307, { Location: `${other.url}/` }).end())
    const response = await session(server).send({ method: 'PUT', path: '/v2/x/manifests/1', body: Buffer.from('secret') })
    expect([response.status, other.seen.length]).toEqual([307, 0])
  })
})
