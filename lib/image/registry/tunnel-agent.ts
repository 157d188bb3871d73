import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { hostName } from './endpoints.ts'
import { NetworkFailure, networkFailure } from './network-failure.ts'
import { proxyAuthorization } from './proxy.ts'

/** https through a proxy: CONNECT first, TLS with the registry itself inside. */
export class TunnelAgent extends https.Agent {
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
