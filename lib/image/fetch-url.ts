import { LichenError } from '../system/errors.ts'
import { sendAndFollow } from './registry/follow.ts'
import type { HttpResponse } from './registry/http.ts'
import { NetworkFailure } from './registry/network-failure.ts'
import { openTransport, type Transport } from './registry/transport.ts'

/** The file at an http or https address, through the proxies of the environment. Throws DOWNLOAD_FAILED, BAD_REDIRECT. */
export async function* fetchUrl(address: string): AsyncGenerator<Uint8Array, void, void> {
  const transport = openTransport({ isInsecure: () => false, certificateFolders: [], env: process.env })
  try {
    const response = await ask(transport, address)
    yield* response.body
  } catch (error) {
    throw error instanceof NetworkFailure ? failed(address, error.message, error) : error
  } finally {
    transport.close()
  }
}

async function ask(transport: Transport, address: string): Promise<HttpResponse> {
  if (!URL.canParse(address)) throw failed(address, 'it is no valid address')
  const response = await sendAndFollow(transport, { method: 'GET', url: new URL(address), headers: { 'User-Agent': 'lichen' } })
  if (response.status === 200) return response
  response.discard()
  throw failed(address, `the server answers ${response.status} ${response.statusText}`.trimEnd())
}

const failed = (address: string, why: string, cause?: unknown) => new LichenError(`${address} can't be downloaded: ${why}`, { code: 'DOWNLOAD_FAILED', cause })
