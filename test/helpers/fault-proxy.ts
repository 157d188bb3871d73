import http, { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeServer } from './token-server.ts'

export type Fault =
  /** The connection is reset, or closed, after so many bytes of the body. */
  | { kind: 'reset' | 'truncate'; after: number }
  /** Nothing more comes after so many bytes. */
  | { kind: 'stall'; after: number }
  /** What comes after so many bytes takes its time. */
  | { kind: 'pause'; after: number; milliseconds: number }
  /** One byte is another. */
  | { kind: 'corrupt'; at: number }
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** Range is not understood: everything comes again. */
  | { kind: 'no-range' }
  /** To the same path behind this. */
  | { kind: 'redirect'; to: string; status?: number }
  /** The connection is closed without a word. */
  | { kind: 'hang-up' }
  /** This comes in place of what the registry says. */
  | { kind: 'replace'; body: string | Uint8Array; headers?: Record<string, string> }

export interface FaultRule {
  /** Of method and path: `GET /v2/x/blobs/sha256:...`. */
  match: RegExp
  fault: Fault
  /** How often; for ever where absent. */
  times?: number
}

export interface Seen {
  method: string
  path: string
  headers: IncomingHttpHeaders
}

export interface FaultProxy {
  host: string
  url: string
  /** The first that fits is carried out. */
  rules: FaultRule[]
  /** Every request, in order. */
  seen: Seen[]
  stop(): Promise<void>
}

/** Stands in front of a registry (`127.0.0.1:PORT`, plain http), hands everything on, and does to it what its rules say. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const rules: FaultRule[] = []
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request
    seen.push({ method, path, headers })
    const rule = rules.find(({ match, times }) => times !== 0 && match.test(`${method} ${path}`))
    if (rule?.times !== undefined) rule.times--
    act(rule?.fault, request, response, upstream)
  })
  server.on('connection', (socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, url: `http://${host}`, rules, seen, stop: () => closeServer(server) }
}

function act(fault: Fault | undefined, request: IncomingMessage, response: ServerResponse, upstream: string): void {
  switch (fault?.kind) {
    case 'hang-up':
      request.socket.destroy()
      return
    case 'status':
      request.resume()
      response.writeHead(fault.status, { 'Content-Type': 'application/json', ...fault.headers }).end(fault.body ?? '')
      return
    case 'redirect':
      request.resume()
      response.writeHead(fault.status ?? 307, { Location: `${fault.to}${request.url}` }).end()
      return
    case 'replace':
      request.resume()
      response
        .writeHead(200, { 'Content-Length': String(Buffer.byteLength(fault.body)), ...fault.headers })
        .end(request.method === 'HEAD' ? undefined : fault.body)
      return
  }
  const headers = { ...request.headers }
  if (fault?.kind === 'no-range') delete headers.range
  const [host, port] = upstream.split(':')
  // The Host of the question is kept: the registry makes its addresses of it.
  const onward = http.request({ host, port, method: request.method, path: request.url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    relay(answer, response, fault)
  })
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}

function relay(answer: IncomingMessage, response: ServerResponse, fault: Fault | undefined): void {
  if (fault === undefined || !('after' in fault || 'at' in fault)) {
    answer.pipe(response)
    return
  }
  if (fault.kind === 'pause') {
    void pauseOnTheWay(answer, response, fault)
    return
  }
  let passed = 0
  answer.on('data', (piece: Buffer) => {
    const start = passed
    passed += piece.length
    if ('at' in fault) {
      if (fault.at >= start && fault.at < passed) piece[fault.at - start]! ^= 0x01
      response.write(piece)
      return
    }
    if (start >= fault.after) return
    response.write(piece.subarray(0, fault.after - start), () => {
      if (passed < fault.after || fault.kind === 'stall') return
      if (fault.kind === 'reset') response.socket?.resetAndDestroy()
      else response.socket?.end()
    })
  })
  answer.on('end', () => {
    if ('at' in fault) response.end()
  })
}

async function pauseOnTheWay(answer: IncomingMessage, response: ServerResponse, { after, milliseconds }: Extract<Fault, { kind: 'pause' }>): Promise<void> {
  let passed = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    const early = Math.max(0, Math.min(piece.length, after - passed))
    response.write(piece.subarray(0, early))
    passed += piece.length
    if (early < piece.length && passed - piece.length <= after) await new Promise((resolve) => setTimeout(resolve, milliseconds))
    response.write(piece.subarray(early))
  }
  response.end()
}
