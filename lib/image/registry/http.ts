import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { LichenError } from '../../system/errors.ts'
import { hostName } from './endpoints.ts'
import { canceledFailure, NetworkFailure, networkFailure } from './network-failure.ts'
import { proxyAuthorization } from './proxy.ts'
import type { Transport } from './transport.ts'

export interface HttpRequest {
  method: string
  url: URL
  headers: Record<string, string>
  body?: Uint8Array | { stream: AsyncIterable<Uint8Array>; length: number }
  /** Milliseconds until the answer's head; the transport's limit where absent. */
  answerWithin?: number
}

export interface HttpResponse {
  url: URL
  status: number
  statusText: string
  headers: IncomingHttpHeaders
  /** Throws NetworkFailure where it is cut short or stands still. */
  body: AsyncIterable<Uint8Array>
  /** Nobody wants the body. */
  discard(): void
}

/** One request, one answer: no redirect is followed, nothing is tried again. Throws NetworkFailure, and what the body's source throws. */
export async function sendRequest(transport: Transport, { method, url, headers, body, answerWithin }: HttpRequest): Promise<HttpResponse> {
  const { request: begin, agent, proxy } = await transport.route(url)
  const to = proxy ?? url
  const request = begin({
    ...(agent === undefined ? {} : { agent }),
    host: hostName(to.host),
    port: to.port,
    method,
    path: proxy === undefined ? `${url.pathname}${url.search}` : url.href,
    headers: {
      Host: url.host,
      ...headers,
      ...(body === undefined ? {} : { 'Content-Length': String(body.length) }),
      ...(proxy === undefined ? {} : proxyAuthorization(proxy)),
    },
  })
  const { connect, answer, stall } = transport.limits
  const watch = watchdog((what) => request.destroy(new NetworkFailure('stalled', what)))
  const state = { connected: false, sent: false }
  const expectNext = () => {
    if (state.sent) watch.expect(answerWithin ?? answer, 'it does not answer')
    else watch.expect(stall, 'it takes nothing any more')
  }
  const cancel = () => request.destroy(canceledFailure())
  transport.signal?.addEventListener('abort', cancel)
  watch.expect(connect, 'it does not answer')
  request.on('socket', (socket) => {
    const connected = () => {
      state.connected = true
      expectNext()
    }
    if (socket.connecting) socket.once(to.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
    else connected()
  })
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    // Stays: what comes after the answer's head is told by the body.
    request.on('error', reject)
  })
  try {
    const sent = sendBody(request, body, expectNext).then(() => {
      state.sent = true
      if (state.connected) expectNext()
      return head
    })
    // A server may answer before it has all, to refuse it.
    return asResponse(await Promise.race([head, sent]), url, transport)
  } catch (error) {
    request.destroy()
    head.catch(() => undefined)
    throw error instanceof SourceFailure ? error.cause : networkFailure(error)
  } finally {
    watch.stop()
    transport.signal?.removeEventListener('abort', cancel)
  }
}

/** What reads the body to be sent has failed, not the network. */
class SourceFailure extends Error {}

async function sendBody(request: ClientRequest, body: HttpRequest['body'], progress: () => void): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body)
    return
  }
  const gone = new Promise<void>((resolve) => request.once('close', resolve))
  const source = body.stream[Symbol.asyncIterator]()
  for (;;) {
    const step = await source.next().catch((cause: unknown) => {
      throw new SourceFailure('', { cause })
    })
    if (step.done) break
    if (request.destroyed) return void (await source.return?.())
    progress()
    if (request.write(step.value)) continue
    await Promise.race([new Promise<void>((resolve) => request.once('drain', resolve)), gone])
  }
  request.end()
}

function asResponse(message: IncomingMessage, url: URL, transport: Transport): HttpResponse {
  return {
    url,
    status: message.statusCode ?? 0,
    statusText: message.statusMessage ?? '',
    headers: message.headers,
    body: { [Symbol.asyncIterator]: () => pieces(message, transport) },
    discard: () => {
      // Small bodies are read so that the connection can be kept.
      if (Number(message.headers['content-length'] ?? Infinity) <= 65536) message.on('error', () => undefined).resume()
      else message.destroy()
    },
  }
}

/** The time that the reader takes does not count as standing still. */
async function* pieces(message: IncomingMessage, { limits: { stall }, signal }: Transport): AsyncGenerator<Uint8Array> {
  const watch = watchdog((what) => message.destroy(new NetworkFailure('stalled', what)))
  const cancel = () => message.destroy(canceledFailure())
  signal?.addEventListener('abort', cancel)
  try {
    if (signal?.aborted) throw canceledFailure()
    watch.expect(stall, `nothing has come for ${Math.round(stall / 1000)} s`)
    for await (const piece of message) {
      watch.pause()
      yield piece as Buffer
      watch.expect(stall, `nothing has come for ${Math.round(stall / 1000)} s`)
    }
    // Old servers end a body without a length by closing: then complete is all that tells.
    if (!message.complete) throw new NetworkFailure('broken', 'the answer ended too early')
  } catch (error) {
    throw networkFailure(error)
  } finally {
    watch.stop()
    signal?.removeEventListener('abort', cancel)
    message.destroy()
  }
}

/** One timer for what is expected next. */
function watchdog(bark: (what: string) => void) {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  return {
    expect(limit: number, what: string) {
      clearTimeout(timer)
      if (!stopped) timer = setTimeout(() => bark(what), limit)
    },
    pause() {
      clearTimeout(timer)
    },
    /** For good: nothing is expected any more. */
    stop() {
      clearTimeout(timer)
      stopped = true
    },
  }
}

/** A small body. Throws NetworkFailure, and BAD_ANSWER where it is longer than `limit` bytes. */
export async function readBody(response: HttpResponse, limit: number, what = 'the body'): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body) {
    size += part.length
    if (size > limit)
      throw new LichenError(`${what}: the answer of ${response.url.host} is longer than the ${limit} bytes that are taken`, { code: 'BAD_ANSWER' })
    parts.push(part)
  }
  return Buffer.concat(parts)
}
