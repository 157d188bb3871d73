import { LichenError } from '../../system/errors.ts'
import { debug } from '../../system/log.ts'
import type { Descriptor } from '../manifest.ts'
import { backOff, isPassingFailure } from './back-off.ts'
import { type Asked, explainAnswer } from './explain.ts'
import type { HttpResponse } from './http.ts'
import { NetworkFailure } from './network-failure.ts'
import type { Session } from './session.ts'

/** So much must have come between two failures that they don't count as in a row. */
const PROGRESS = 1024 * 1024

/**
 * A blob as it comes; where the connection breaks it is taken up again behind what has come. The bytes are not verified
 * here. Throws NetworkFailure, BLOB_UNKNOWN, BAD_ANSWER and what explainAnswer gives.
 */
export async function* downloadBlob(session: Session, asked: Asked, { digest, size }: Descriptor, kind = 'layer'): AsyncGenerator<Uint8Array> {
  const what = `${kind} ${digest} of ${asked.name}`
  const path = `/v2/${asked.repository}/blobs/${digest}`
  let come = 0
  let comeBefore = 0
  for (let failures = 0; ; ) {
    // The session tries until there is an answer; here is what goes wrong behind its head.
    const response = await session.send({ method: 'GET', path, headers: { Accept: '*/*', ...(come === 0 ? {} : { Range: `bytes=${come}-` }) } })
    let skip = await startOf(response, come, asked, what)
    try {
      for await (const piece of response.body) {
        if (skip >= piece.length) {
          skip -= piece.length
          continue
        }
        const wanted = skip === 0 ? piece : piece.subarray(skip)
        skip = 0
        come += wanted.length
        yield wanted
        // One that never ends would be noticed by who reads; nothing is asked for again behind the end.
        if (come > size) return
      }
      return
    } catch (error) {
      if (!(error instanceof NetworkFailure) || !isPassingFailure(error, true)) throw error
      failures = (come - comeBefore >= PROGRESS ? 0 : failures) + (error.kind === 'stalled' ? 2 : 1)
      comeBefore = come
      // A server that cuts what is complete: nothing is missing.
      if (come === size) return
      if (failures >= session.patience.tries) throw error
      const wait = backOff(session.patience, failures)
      debug(() => `${asked.host}: ${what}: ${error.message} after ${come} bytes; again in ${Math.round(wait)} ms`)
      await session.pause(wait)
    }
  }
}

/** How many bytes of the answer are to be passed over. */
async function startOf(response: HttpResponse, come: number, asked: Asked, what: string): Promise<number> {
  // Whoever does not know Range sends all of it again.
  if (response.status === 200) return come
  if (response.status === 206 && come > 0) {
    const start = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1]
    if (start !== undefined && Number(start) <= come) return come - Number(start)
    response.discard()
    throw new LichenError(
      `registry ${asked.host} answers the wrong part of ${what}: ${JSON.stringify(response.headers['content-range'] ?? '')} where ${come} bytes were there`,
      { code: 'BAD_ANSWER' },
    )
  }
  throw await explainAnswer(response, asked, what)
}
