import { LichenError } from '../../system/errors.ts'
import { debug } from '../../system/log.ts'
import type { Endpoint } from './endpoints.ts'
import { type Asked, explainFailure } from './explain.ts'
import { NetworkFailure } from './network-failure.ts'
import type { Session } from './session.ts'

/** What a server can be blamed for; a full disk or a layer that can't be unpacked would be the same at the next one. */
const ITS_FAULT: readonly string[] = [
  ...['REGISTRY_DENIED', 'REPOSITORY_UNKNOWN', 'MANIFEST_UNKNOWN', 'BLOB_UNKNOWN', 'REGISTRY_BUSY', 'REGISTRY_ERROR'],
  ...['BLOB_MISMATCH', 'BAD_MANIFEST', 'BAD_DIGEST', 'BAD_ANSWER', 'BAD_TOKEN', 'BAD_REDIRECT', 'UNSAFE_REALM', 'NO_SUCH_PLATFORM'],
]

export interface EndpointWork<T> {
  open(endpoint: Endpoint): Session
  asked(endpoint: Endpoint): Asked
  work(session: Session): Promise<T>
}

/** Does the work with one endpoint after the other until one can be used for it. Failures are explained. */
export async function withEndpoints<T>(endpoints: readonly Endpoint[], wish: EndpointWork<T>): Promise<T> {
  const [endpoint, ...others] = endpoints
  if (endpoint === undefined) throw new LichenError('there is no registry to ask', { code: 'BAD_CONFIG' })
  const session = wish.open(endpoint)
  try {
    return await wish.work(session)
  } catch (error) {
    if (others.length === 0 || !mayAskNext(endpoint, error, session.met())) throw explainFailure(error, wish.asked(endpoint))
    debug(() => `${endpoint.base}: ${(error as Error).message}; the next one is asked`)
    return withEndpoints(others, wish)
  }
}

/**
 * Whether the next endpoint is asked after a failure: behind a mirror stands the registry, whatever went wrong; from
 * https to http, and back, only where the one is not spoken. Whoever has answered speaks it (`met`).
 */
export function mayAskNext(endpoint: Endpoint, error: unknown, met: boolean): boolean {
  if (endpoint.mirror) return error instanceof NetworkFailure || (error instanceof LichenError && ITS_FAULT.includes(error.code))
  if (met || !endpoint.another || !(error instanceof NetworkFailure)) return false
  return error.kind === 'refused' || error.kind === 'broken' || (error.kind === 'tls' && error.message.includes('does not speak TLS'))
}
