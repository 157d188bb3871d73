import { debug } from '../../system/log.ts'
import type { Authoriser } from './authoriser.ts'
import { backOff, isPassing, isPassingFailure, PATIENCE, type Patience, retryAfter } from './back-off.ts'
import type { Endpoint } from './endpoints.ts'
import { sendAndFollow } from './follow.ts'
import { type HttpRequest, type HttpResponse, readBody } from './http.ts'
import { NetworkFailure, networkFailure } from './network-failure.ts'
import { USER_AGENT } from './token.ts'
import type { Transport } from './transport.ts'

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/v2/library/busybox/manifests/latest`, or the address that the registry gave. */
  path: string | URL
  headers?: Record<string, string>
  body?: HttpRequest['body']
  /** Once only: what it does can't be done twice, or its body can't be read again. */
  once?: boolean
  answerWithin?: number
  /** The body of a good answer is read at once, so that it is asked for again where it is cut short. */
  whole?: { limit: number; what: string }
}

/** Talk with one registry about one repository: authorised, redirected, tried again. */
export interface Session {
  endpoint: Endpoint
  patience: Patience
  /** The last answer, whatever its status. Throws NetworkFailure, BAD_REDIRECT, UNSAFE_REALM, ... */
  send(request: RegistryRequest): Promise<HttpResponse>
  /** Whether the registry has ever answered. */
  met(): boolean
  /** As that of its transport. */
  pause: Transport['pause']
}

export interface SessionOptions {
  transport: Transport
  endpoint: Endpoint
  authoriser: Authoriser
  patience?: Partial<Patience>
}

export function openSession({ transport, endpoint, authoriser, patience: wanted }: SessionOptions): Session {
  const patience = { ...PATIENCE, ...wanted }
  const origin = new URL(endpoint.base).origin
  let met = false

  async function once(request: RegistryRequest): Promise<HttpResponse> {
    const url = typeof request.path === 'string' ? new URL(`${endpoint.base}${request.path}`) : request.path
    const { method, body, answerWithin } = request
    // A token may run out between two requests, and a registry may want another one for what is asked now.
    for (let tries = 0; ; tries++) {
      const authorization = url.origin === origin ? authoriser.header() : undefined
      const headers = { 'User-Agent': USER_AGENT, ...request.headers, ...(authorization === undefined ? {} : { Authorization: authorization }) }
      debug(() => `${method} ${url.origin}${url.pathname}`)
      const response = await sendAndFollow(transport, {
        method,
        url,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(answerWithin === undefined ? {} : { answerWithin }),
      })
      if (!met && endpoint.another && isTlsServer(response)) throw new NetworkFailure('broken', 'it does not speak plain http there')
      met = true
      // Behind a redirect somebody else asks: he gets nothing.
      if (response.status !== 401 || response.url.origin !== origin || tries === 1 || isStream(body)) return response
      const refusal = await authoriser.satisfy(response, authorization)
      if (refusal !== undefined) return refusal
      response.discard()
    }
  }

  return {
    endpoint,
    patience,
    met: () => met,
    pause: transport.pause,
    async send(request) {
      for (let failures = 1; ; failures++) {
        let wait = backOff(patience, failures)
        let why: string
        try {
          const response = await readWhole(await once(request), request.whole)
          const asked = retryAfter(response.headers, Date.now())
          if (!isPassing(response.status) || request.once || failures >= patience.tries || (asked ?? 0) > patience.retryAfter) return response
          response.discard()
          wait = asked ?? wait
          why = `${response.status} ${response.statusText}`
        } catch (error) {
          if (!(error instanceof NetworkFailure) || request.once || (endpoint.another && !met)) throw error
          if (error.kind === 'stalled') failures++
          if (!isPassingFailure(error, met) || failures >= patience.tries) throw error
          why = networkFailure(error).message
        }
        debug(() => `${endpoint.host}: ${why}; again in ${Math.round(wait)} ms`)
        await transport.pause(wait)
      }
    },
  }
}

async function readWhole(response: HttpResponse, whole: RegistryRequest['whole']): Promise<HttpResponse> {
  if (whole === undefined || response.status !== 200) return response
  const bytes = await readBody(response, whole.limit, whole.what)
  async function* body() {
    yield bytes
  }
  return { ...response, body: body() }
}

/** A TLS server's answer to plain http: Go's and nginx's are 400, without the header that registries send. Others hang up. */
const isTlsServer = ({ status, url, headers }: HttpResponse): boolean =>
  status === 400 && url.protocol === 'http:' && headers['docker-distribution-api-version'] === undefined

const isStream = (body: RegistryRequest['body']): boolean => body !== undefined && !(body instanceof Uint8Array)
