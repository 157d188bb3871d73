import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { LichenError } from '../../system/errors.ts'
import { type Certificates, certificatesFor } from './certificates.ts'
import { hostName } from './endpoints.ts'
import { NetworkFailure, networkFailure } from './network-failure.ts'
import { proxyAuthorization, proxyFor } from './proxy.ts'

export interface TransportOptions {
  /** Whether certificates of a host are not verified. */
  isInsecure(host: string): boolean
  /** Of certs.d. */
  certificateFolders: readonly string[]
  /** For the proxies. */
  env: Readonly<Record<string, string | undefined>>
  limits?: Partial<Limits>
}

/** Milliseconds. */
export interface Limits {
  /** To be connected, TLS included. */
  connect: number
  /** From the end of the request to the head of the answer. */
  answer: number
  /** Between two pieces of a body. */
  stall: number
}

const LIMITS: Limits = { connect: 20_000, answer: 30_000, stall: 30_000 }

/** How one URL is reached: connections that are kept, and what goes to a proxy in their place. */
export interface Route {
  agent: http.Agent
  /** Set where the request itself goes to the proxy: plain http. */
  proxy: URL | undefined
}

export interface Transport {
  limits: Limits
  isInsecure(host: string): boolean
  /** Throws NetworkFailure, BAD_CERTIFICATES. */
  route(url: URL): Promise<Route>
  /** Lets go of idle connections; what is under way ends by itself. */
  close(): void
}

const KEPT = { keepAlive: true, maxSockets: 8, timeout: 0 } as const

export function openTransport(options: TransportOptions): Transport {
  const limits = { ...LIMITS, ...options.limits }
  const routes = new Map<string, Promise<Route>>()
  const agents: http.Agent[] = []

  async function makeRoute(url: URL): Promise<Route> {
    const proxy = proxyFor(url, options.env)
    const agent = url.protocol === 'https:' ? await secureAgent(url.host, proxy) : new http.Agent(KEPT)
    agents.push(agent)
    return { agent, proxy: url.protocol === 'https:' ? undefined : proxy }
  }

  async function secureAgent(host: string, proxy: URL | undefined): Promise<http.Agent> {
    const verify = !options.isInsecure(host)
    const certificates = await certificatesFor(host, options.certificateFolders, { authorities: verify })
    const settings = { ...KEPT, secureContext: secureContext(host, certificates), rejectUnauthorized: verify }
    return proxy === undefined ? new https.Agent(settings) : new TunnelAgent(settings, proxy, limits.connect)
  }

  return {
    limits,
    isInsecure: options.isInsecure,
    route(url) {
      const known = routes.get(url.origin)
      if (known !== undefined) return known
      const made = makeRoute(url)
      routes.set(url.origin, made)
      return made
    },
    close() {
      for (const agent of agents) agent.destroy()
    },
  }
}

/** Parsed once a host: a machine's bundle holds a hundred and fifty certificates. */
function secureContext(host: string, { ca, cert, key }: Certificates): tls.SecureContext {
  try {
    return tls.createSecureContext({ ...(ca.length === 0 ? {} : { ca }), ...(cert.length === 0 ? {} : { cert, key }) })
  } catch (error) {
    throw new LichenError(`the certificates for ${host} can't be used: ${(error as Error).message}`, {
      code: 'BAD_CERTIFICATES',
      hint: `look below certs.d/${host}`,
      cause: error,
    })
  }
}

/** https through a proxy: CONNECT first, TLS with the registry itself inside. */
class TunnelAgent extends https.Agent {
  readonly #proxy: URL
  readonly #limit: number

  constructor(options: https.AgentOptions, proxy: URL, limit: number) {
    super(options)
    this.#proxy = proxy
    this.#limit = limit
  }

  override createConnection(options: https.RequestOptions, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    const done = callback as unknown as (error: Error | null, stream?: Duplex) => void
    const { host, port } = { host: String(options.host), port: Number(options.port) }
    this.#tunnel(`${isIP(host) === 6 ? `[${host}]` : host}:${port}`).then(
      (socket) => done(null, tls.connect({ ...(options as tls.ConnectionOptions), socket, servername: isIP(host) === 0 ? host : '' })),
      (error: Error) => done(error),
    )
    return undefined
  }

  #tunnel(target: string): Promise<Duplex & tls.ConnectionOptions['socket']> {
    const proxy = this.#proxy
    const name = proxy.host
    return new Promise((resolve, reject) => {
      const request = (proxy.protocol === 'https:' ? https : http).request({
        host: hostName(proxy.host),
        port: proxy.port,
        method: 'CONNECT',
        path: target,
        agent: false,
        headers: { Host: target, ...proxyAuthorization(proxy) },
      })
      const timer = setTimeout(() => request.destroy(new NetworkFailure('proxy', `the proxy ${name} does not answer`)), this.#limit)
      const failed = (why: string, cause?: unknown) => {
        clearTimeout(timer)
        reject(cause instanceof NetworkFailure ? cause : new NetworkFailure('proxy', why, cause))
      }
      request.on('connect', (response, socket) => {
        clearTimeout(timer)
        if (response.statusCode === 200) return resolve(socket)
        socket.destroy()
        failed(`the proxy ${name} refuses: ${response.statusCode} ${response.statusMessage ?? ''}`.trimEnd())
      })
      request.on('response', (response) => {
        response.destroy()
        failed(`the proxy ${name} refuses: ${response.statusCode} ${response.statusMessage ?? ''}`.trimEnd())
      })
      request.on('error', (error) => failed(`the proxy ${name}: ${networkFailure(error).message}`, error))
      request.end()
    })
  }
}
