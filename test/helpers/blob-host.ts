import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Seen } from './fault-proxy.ts'
import { closeServer } from './token-server.ts'

export interface BlobHost {
  /** On another address of loopback than the registry: `127.0.0.2:PORT`. */
  host: string
  seen: Seen[]
  stop(): Promise<void>
}

/** A second host that gives out a registry's blobs to whoever comes without an Authorization header, as object stores do. */
export async function startBlobHost(upstream: string, authorization?: string): Promise<BlobHost> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request
    seen.push({ method, path, headers })
    if (headers.authorization !== undefined || headers.cookie !== undefined) {
      response.writeHead(400).end('Only one auth mechanism allowed')
      return
    }
    const [host, port] = upstream.split(':')
    const own = authorization === undefined ? {} : { authorization }
    const onward = httpRequest(
      { host, port, method, path, headers: { ...own, ...(headers.range === undefined ? {} : { range: headers.range }) } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => response.destroy())
    onward.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve))
  return { host: `127.0.0.2:${(server.address() as AddressInfo).port}`, seen, stop: () => closeServer(server) }
}
