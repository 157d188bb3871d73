import { createPrivateKey, createSign, randomUUID, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Authority } from './authority.ts'

export interface TokenAsk {
  method: string
  authorization: string | undefined
  scopes: string[]
  form: Record<string, string>
  headers: IncomingHttpHeaders
}

export interface TokenServer {
  realm: string
  /** Every question, in order. */
  asked: TokenAsk[]
  stop(): Promise<void>
}

/** Tokens as docker-registry takes them: anybody may pull from `public/`, "tester" with "secret" (or the refresh token "identity") may do all. */
export async function startTokenServer(authority: Authority): Promise<TokenServer> {
  const key = createPrivateKey(await readFile(authority.key))
  const certificate = new X509Certificate(await readFile(authority.cert)).raw.toString('base64')
  const asked: TokenAsk[] = []

  const sign = (access: unknown[]): string => {
    const now = Math.floor(Date.now() / 1000)
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: 'tests', sub: 'tester', aud: 'tests', iat: now - 10, nbf: now - 10, exp: now + 300, jti: randomUUID(), access }
    const signed = `${part({ typ: 'JWT', alg: 'ES256', x5c: [certificate] })}.${part(claims)}`
    return `${signed}.${createSign('SHA256').update(signed).sign({ key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    let body = ''
    for await (const part of request) body += part
    const form = Object.fromEntries(new URLSearchParams(body))
    const scopes = request.method === 'POST' ? (form['scope'] ?? '').split(' ').filter((scope) => scope !== '') : url.searchParams.getAll('scope')
    const { authorization } = request.headers
    asked.push({ method: request.method ?? '', authorization, scopes, form, headers: request.headers })
    const known = authorization === `Basic ${Buffer.from('tester:secret').toString('base64')}` || form['refresh_token'] === 'identity'
    if (!known && (authorization !== undefined || request.method === 'POST')) {
      response.writeHead(401, { 'Content-Type': 'application/json' }).end(JSON.stringify({ details: 'incorrect username or password' }))
      return
    }
    const access = scopes.flatMap((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':')
      const allowed = actions.split(',').filter((action) => known || (action === 'pull' && name.startsWith('public/')))
      return allowed.length === 0 ? [] : [{ type, name, actions: allowed }]
    })
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ token: sign(access), expires_in: 300 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    asked,
    stop: () => closeServer(server),
  }
}

export function closeServer(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
