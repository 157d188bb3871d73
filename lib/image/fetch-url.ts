import { LichenError } from '../system/errors.ts'
import { sendAndFollow } from './registry/follow.ts'
import type { HttpResponse } from './registry/http.ts'
import { NetworkFailure } from './registry/network-failure.ts'
import { openTransport, type Transport } from './registry/transport.ts'

/** The file at an http or https address, through the proxies of the environment. Throws DOWNLOAD_FAILED, BAD_REDIRECT. */
export async function* fetchUrl(address: string): AsyncGenerator<Uint8Array, void, void> {
  const transport = openTransport({ isInsecure: () => false, certificateFolders: [], env: process.env })
  try {
    const response = await ask(transport, address, {})
    yield* response.body
  } catch (error) {
    throw error instanceof NetworkFailure ? downloadFailed(address, error.message, error) : error
  } finally {
    transport.close()
  }
}

/** What a server said of a file at another time, to be asked whether it is still so. */
export type Condition = Record<'If-None-Match', string> | Record<string, never>

/** The answer, 200 or 304, while `use` works with it; no more comes once `signal` is aborted. Throws DOWNLOAD_FAILED, BAD_REDIRECT, what `use` throws. */
export async function withAnswer<T>(
  { address, condition, signal }: { address: string; condition: Condition; signal: AbortSignal },
  use: (response: HttpResponse) => Promise<T>,
): Promise<T> {
  const transport = openTransport({ isInsecure: () => false, certificateFolders: [], env: process.env })
  const close = () => transport.close()
  signal.addEventListener('abort', close)
  try {
    return await use(await ask(transport, address, condition))
  } catch (error) {
    throw error instanceof NetworkFailure ? downloadFailed(address, error.message, error) : error
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}

async function ask(transport: Transport, address: string, condition: Condition): Promise<HttpResponse> {
  if (!URL.canParse(address)) throw downloadFailed(address, 'it is no valid address')
  const url = new URL(address)
  const authorization =
    url.username === ''
      ? {}
      : { Authorization: `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}` }
  for (const part of ['username', 'password', 'hash'] as const) url[part] = ''
  const response = await sendAndFollow(transport, { method: 'GET', url, headers: { 'User-Agent': 'lichen', ...condition, ...authorization } })
  if (response.status === 200 || (response.status === 304 && 'If-None-Match' in condition)) return response
  response.discard()
  throw downloadFailed(address, `the server answers ${response.status} ${response.statusText}`.trimEnd())
}

export const downloadFailed = (address: string, why: string, cause?: unknown) =>
  new LichenError(`${shown(address)} can't be downloaded: ${why}`, { code: 'DOWNLOAD_FAILED', cause })

/** Without what authorises. */
function shown(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  if (url.username === '' && url.password === '') return address
  for (const part of ['username', 'password'] as const) url[part] = ''
  return url.href
}
