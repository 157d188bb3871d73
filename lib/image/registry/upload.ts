import { LichenError } from '../../system/errors.ts'
import { debug } from '../../system/log.ts'
import { backOff, isPassing } from './back-off.ts'
import { type Asked, explainAnswer } from './explain.ts'
import type { HttpResponse } from './http.ts'
import { NetworkFailure } from './network-failure.ts'
import type { Session } from './session.ts'

/** A blob that is to be in a repository. */
export interface Upload {
  digest: string
  size: number
  /** In messages: `layer sha256:...`. */
  what: string
  /** From this byte on. */
  read(start: number): AsyncIterable<Uint8Array>
  /** Repositories of the same registry that may have it. */
  mountFrom: readonly string[]
  onProgress?: (sent: number) => void
}

export type Uploaded = { kind: 'exists' } | { kind: 'mounted'; from: string } | { kind: 'pushed' }

/** Bytes of one request where a blob goes in pieces. */
const CHUNK = 16 * 1024 * 1024
/** A registry copies the whole blob before it answers. */
const COMMIT_WITHIN = 10 * 60_000

/** Brings a blob to where it is not yet: looks, mounts, or sends. Throws NetworkFailure and what explainAnswer gives. */
export async function uploadBlob(session: Session, asked: Asked, upload: Upload): Promise<Uploaded> {
  if (await exists(session, asked, upload)) return { kind: 'exists' }
  for (const from of upload.mountFrom) {
    const answer = await begin(session, asked, upload, `?mount=${upload.digest}&from=${encodeURIComponent(from)}`)
    if (answer.mounted) return { kind: 'mounted', from }
    // It did not have it, or may not be asked: what was begun in place of it is used.
    return sendBlob(session, asked, upload, answer.location)
  }
  return sendBlob(session, asked, upload, (await begin(session, asked, upload)).location)
}

async function exists(session: Session, asked: Asked, { digest, size, what }: Upload): Promise<boolean> {
  const response = await session.send({ method: 'HEAD', path: `/v2/${asked.repository}/blobs/${digest}` })
  response.discard()
  if (response.status === 401 || response.status === 403) throw await explainAnswer(response, asked, what)
  const length = response.headers['content-length']
  return response.status === 200 && (length === undefined || Number(length) === size)
}

async function begin(session: Session, asked: Asked, { what }: Upload, query = ''): Promise<{ mounted: boolean; location: URL }> {
  const response = await session.send({ method: 'POST', path: `/v2/${asked.repository}/blobs/uploads/${query}`, body: new Uint8Array() })
  if (response.status !== 201 && response.status !== 202) throw await explainAnswer(response, asked, what)
  response.discard()
  return { mounted: response.status === 201, location: locationOf(response, asked) }
}

/** In one piece; where that does not go through, in several, each of which can be sent again. */
async function sendBlob(session: Session, asked: Asked, upload: Upload, location: URL): Promise<Uploaded> {
  const whole = await sendWhole(session, upload, location)
  if (whole instanceof NetworkFailure) debug(() => `${asked.host}: ${upload.what}: ${whole.message}; again in pieces`)
  else if (whole.status === 201 || whole.status === 204) {
    whole.discard()
    return { kind: 'pushed' }
  } else if (![400, 404, 405, 408, 411, 413, 416].includes(whole.status) && !isPassing(whole.status)) throw await explainAnswer(whole, asked, upload.what)
  else whole.discard()
  const { location: again } = await begin(session, asked, upload)
  await sendPieces(session, asked, upload, again)
  return { kind: 'pushed' }
}

async function sendWhole(session: Session, upload: Upload, location: URL): Promise<HttpResponse | NetworkFailure> {
  const { size, read, digest } = upload
  const body = { stream: counted(read(0), upload, 0), length: size }
  try {
    return await session.send({ method: 'PUT', path: finalPath(location, digest), headers: OCTETS, body, once: true, answerWithin: COMMIT_WITHIN })
  } catch (error) {
    if (error instanceof NetworkFailure && (error.kind === 'broken' || error.kind === 'stalled')) return error
    throw error
  }
}

async function sendPieces(session: Session, asked: Asked, upload: Upload, location: URL): Promise<void> {
  let next = location
  let sent = 0
  for (let failures = 0; sent < upload.size; ) {
    const end = Math.min(sent + CHUNK, upload.size)
    const body = { stream: counted(upTo(upload.read(sent), end - sent), upload, sent), length: end - sent }
    let answer: HttpResponse | undefined
    try {
      answer = await session.send({ method: 'PATCH', path: next, headers: { ...OCTETS, 'Content-Range': `${sent}-${end - 1}` }, body, once: true })
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      debug(() => `${asked.host}: ${upload.what}: ${error.message} at ${sent}`)
    }
    if (answer?.status === 202 || answer?.status === 204) {
      answer.discard()
      next = locationOf(answer, asked, next)
      sent = end
      failures = 0
      continue
    }
    if (answer !== undefined && answer.status !== 416 && !isPassing(answer.status)) throw await explainAnswer(answer, asked, upload.what)
    if (++failures === session.patience.tries) {
      if (answer !== undefined) throw await explainAnswer(answer, asked, upload.what)
      throw new NetworkFailure('broken', `${upload.what} can't be sent`)
    }
    answer?.discard()
    await new Promise((resolve) => setTimeout(resolve, backOff(session.patience, failures)))
    const status = await session.send({ method: 'GET', path: next })
    if (status.status !== 204 && status.status !== 200) throw await explainAnswer(status, asked, upload.what)
    status.discard()
    sent = arrived(status, sent)
    next = locationOf(status, asked, next)
  }
  const done = await session.send({ method: 'PUT', path: finalPath(next, upload.digest), headers: OCTETS, body: new Uint8Array(), answerWithin: COMMIT_WITHIN })
  if (done.status !== 201 && done.status !== 204) throw await explainAnswer(done, asked, upload.what)
  done.discard()
}

const OCTETS = { 'Content-Type': 'application/octet-stream' }

function finalPath(location: URL, digest: string): URL {
  const url = new URL(location)
  url.searchParams.set('digest', digest)
  return url
}

/** `Range: 0-1023` tells that 1024 bytes have come; a Range of nothing is 0-0. */
function arrived(response: HttpResponse, before: number): number {
  const range = /^(?:bytes=)?0-(\d+)$/.exec(String(response.headers.range ?? ''))?.[1]
  if (range === undefined) return before
  return range === '0' ? 0 : Number(range) + 1
}

function locationOf(response: HttpResponse, asked: Asked, before?: URL): URL {
  const { location } = response.headers
  if (location !== undefined && URL.canParse(location, response.url.href)) {
    const url = new URL(location, response.url)
    // A registry behind a front that ends TLS often does not know it, and answers http: with its own name it means itself.
    if (url.host === response.url.host) url.protocol = response.url.protocol
    if (url.protocol === 'https:' || url.protocol === response.url.protocol) return url
  } else if (before !== undefined && location === undefined) return before
  throw new LichenError(`registry ${asked.host} does not say where to send a blob of ${asked.repository} to`, { code: 'BAD_ANSWER' })
}

async function* counted(source: AsyncIterable<Uint8Array>, { onProgress }: Upload, start: number): AsyncGenerator<Uint8Array> {
  let sent = start
  for await (const piece of source) {
    yield piece
    sent += piece.length
    onProgress?.(sent)
  }
}

async function* upTo(source: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let left = length
  for await (const piece of source) {
    yield piece.length <= left ? piece : piece.subarray(0, left)
    left -= Math.min(left, piece.length)
    if (left === 0) return
  }
}
