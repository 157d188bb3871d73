import { LichenError } from '../../system/errors.ts'
import { version } from '../../system/version.ts'
import type { Challenge } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import { type Endpoint, hostName, isLoopback } from './endpoints.ts'
import { sendAndFollow } from './follow.ts'
import { type HttpResponse, readBody } from './http.ts'
import type { Transport } from './transport.ts'

export const USER_AGENT = `lichen/${version}`

export interface TokenRequest {
  transport: Transport
  endpoint: Endpoint
  challenge: Extract<Challenge, { scheme: 'bearer' }>
  /** `repository:library/busybox:pull` */
  scopes: readonly string[]
  credentials: Credentials | undefined
}

/** An access token, or the answer of a token server that gives none. Throws NetworkFailure, UNSAFE_REALM, BAD_TOKEN. */
export async function fetchToken({
  transport,
  endpoint,
  challenge,
  scopes,
  credentials,
}: TokenRequest): Promise<{ token: string } | { refusal: HttpResponse }> {
  const url = checkRealm(challenge.realm, endpoint, transport)
  const headers: Record<string, string> = { 'User-Agent': USER_AGENT }
  const identity = credentials?.kind === 'identity' ? credentials.token : undefined
  let body: Uint8Array | undefined
  if (identity === undefined) {
    if (challenge.service !== '') url.searchParams.set('service', challenge.service)
    for (const scope of scopes) url.searchParams.append('scope', scope)
    if (credentials?.kind === 'password') {
      url.searchParams.set('account', credentials.username)
      headers['Authorization'] = basic(credentials)
    }
  } else {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      service: challenge.service,
      client_id: 'lichen',
      scope: scopes.join(' '),
      refresh_token: identity,
    })
    headers['Content-Type'] = 'application/x-www-form-urlencoded'
    body = Buffer.from(form.toString())
  }
  const response = await sendAndFollow(transport, { method: body === undefined ? 'GET' : 'POST', url, headers, ...(body === undefined ? {} : { body }) })
  if (response.status !== 200) return { refusal: response }
  return { token: readToken(await readBody(response, 1024 * 1024), url.host) }
}

export const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** A token server stands behind https, or is where the registry itself is spoken to in the clear, or on this machine. */
function checkRealm(realm: string, endpoint: Endpoint, transport: Transport): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  const registry = new URL(endpoint.base)
  const inTheClear =
    url?.protocol === 'http:' &&
    (isLoopback(url.host) || transport.isInsecure(url.host) || (registry.protocol === 'http:' && hostName(url.host) === hostName(registry.host)))
  if (url !== undefined && (url.protocol === 'https:' || inTheClear)) return url
  throw new LichenError(`registry ${endpoint.host} names ${JSON.stringify(realm.slice(0, 200))} as its token server, which is not behind https`, {
    code: 'UNSAFE_REALM',
    hint: 'nothing was sent there',
  })
}

function readToken(bytes: Buffer, host: string): string {
  const token = tokenOf(bytes.toString('utf8'))
  // It becomes part of a header.
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token
  throw new LichenError(`the token server ${host} gives an answer without a token`, { code: 'BAD_TOKEN' })
}

function tokenOf(text: string): unknown {
  try {
    const document = JSON.parse(text) as { token?: unknown; access_token?: unknown } | null
    return document?.token ?? document?.access_token
  } catch {
    return undefined
  }
}
