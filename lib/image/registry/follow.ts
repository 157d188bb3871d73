import { LichenError } from '../../system/errors.ts'
import { type HttpRequest, type HttpResponse, sendRequest } from './http.ts'
import type { Transport } from './transport.ts'

const MOST_REDIRECTS = 8

/**
 * Sends, and goes where it is sent: by hand, because what authorises at one origin must not reach another
 * (CVE-2019-10214, CVE-2020-15157). Only questions are sent elsewhere: a body goes where it was meant for.
 * Throws NetworkFailure, BAD_REDIRECT.
 */
export async function sendAndFollow(transport: Transport, request: HttpRequest): Promise<HttpResponse> {
  let { url, headers } = request
  for (let hops = 0; ; hops++) {
    const response = await sendRequest(transport, { ...request, url, headers })
    const location = response.headers.location
    if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined || request.body !== undefined) return response
    response.discard()
    if (hops === MOST_REDIRECTS) throw bad(url, `it sends in circles, more than ${MOST_REDIRECTS} times`)
    const next = redirectTarget(url, location, transport)
    if (next.origin !== url.origin) headers = withoutAuthorisation(headers)
    url = next
  }
}

function redirectTarget(from: URL, location: string, transport: Transport): URL {
  if (!URL.canParse(location, from.href)) throw bad(from, `it sends to ${JSON.stringify(location.slice(0, 200))}, which is no address`)
  const next = new URL(location, from)
  if (next.protocol !== 'https:' && next.protocol !== 'http:') throw bad(from, `it sends to ${JSON.stringify(next.protocol)}`)
  if (from.protocol === 'https:' && next.protocol === 'http:' && !transport.isInsecure(next.host)) {
    throw bad(from, `it sends from https to plain http at ${next.host}`, `if that is meant: put ${JSON.stringify(next.host)} into insecure-registries`)
  }
  return next
}

function withoutAuthorisation(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'))
}

const bad = (from: URL, why: string, hint?: string) =>
  new LichenError(`${from.host}: ${why}`, { code: 'BAD_REDIRECT', ...(hint === undefined ? {} : { hint }) })
