import http from 'node:http'
import type https from 'node:https'
import { setTimeout } from 'node:timers/promises'
import { canceledFailure } from './network-failure.ts'
import { proxyFor } from './proxy.ts'

export interface TransportOptions {
  /** Whether certificates of a host are not verified. */
  isInsecure(host: string): boolean
  /** Of certs.d. */
  certificateFolders: readonly string[]
  /** For the proxies. */
  env: Readonly<Record<string, string | undefined>>
  limits?: Partial<Limits>
  /** When it is aborted what is under way fails, and nothing new is begun. */
  signal?: AbortSignal | undefined
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

/** How one URL is reached. */
export interface Route {
  request: typeof http.request | typeof https.request
  /** Keeps connections; undefined: Node's own. */
  agent: http.Agent | undefined
  /** Set where the request itself goes to the proxy: plain http. */
  proxy: URL | undefined
}

export interface Transport {
  limits: Limits
  signal: AbortSignal | undefined
  isInsecure(host: string): boolean
  /** Throws NetworkFailure, BAD_CERTIFICATES. */
  route(url: URL): Promise<Route>
  /** Lets time pass before something is tried again. Throws NetworkFailure where nobody waits for it any more. */
  pause(milliseconds: number): Promise<void>
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
    const route = url.protocol === 'https:' ? await secured(url.host, proxy) : await plain(proxy)
    if (route.agent !== undefined) agents.push(route.agent)
    return route
  }

  async function secured(host: string, proxy: URL | undefined): Promise<Route> {
    const { secureRoute } = await import('./secure-route.ts')
    const { certificateFolders, isInsecure } = options
    return secureRoute({ host, verify: !isInsecure(host), certificateFolders, proxy, kept: KEPT, limit: limits.connect })
  }

  async function plain(proxy: URL | undefined): Promise<Route> {
    if (proxy?.protocol !== 'https:') return { request: http.request, agent: new http.Agent(KEPT), proxy }
    const { secureProxyRoute } = await import('./secure-route.ts')
    return secureProxyRoute(proxy)
  }

  return {
    limits,
    signal: options.signal,
    isInsecure: options.isInsecure,
    async route(url) {
      if (options.signal?.aborted) throw canceledFailure()
      const known = routes.get(url.origin)
      if (known !== undefined) return known
      const made = makeRoute(url)
      routes.set(url.origin, made)
      return made
    },
    async pause(milliseconds) {
      await setTimeout(milliseconds, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => {
        throw canceledFailure()
      })
    },
    close() {
      for (const agent of agents) agent.destroy()
    },
  }
}
