import https from 'node:https'
import tls from 'node:tls'
import { LichenError } from '../../system/errors.ts'
import { type Certificates, certificatesFor } from './certificates.ts'
import type { Route } from './transport.ts'
import { TunnelAgent } from './tunnel-agent.ts'

export interface SecureRoute {
  host: string
  /** Whether the certificates of the host are verified. */
  verify: boolean
  certificateFolders: readonly string[]
  proxy: URL | undefined
  kept: https.AgentOptions
  /** Milliseconds for a proxy to answer. */
  limit: number
}

/** How a host is reached by https. Apart, because plain http does without node:tls, which takes a while to load. Throws BAD_CERTIFICATES. */
export async function secureRoute({ host, verify, certificateFolders, proxy, kept, limit }: SecureRoute): Promise<Route> {
  const certificates = await certificatesFor(host, certificateFolders, { authorities: verify })
  const settings = { ...kept, secureContext: secureContext(host, certificates), rejectUnauthorized: verify }
  const agent = proxy === undefined ? new https.Agent(settings) : new TunnelAgent(settings, proxy, limit)
  return { request: https.request, agent, proxy: undefined }
}

/** How a proxy that is itself behind https is asked for what is not. */
export const secureProxyRoute = (proxy: URL): Route => ({ request: https.request, agent: undefined, proxy })

/** Parsed once a host: a machine's bundle holds a hundred and fifty certificates. */
function secureContext(host: string, { ca, cert, key }: Certificates): tls.SecureContext {
  try {
    return tls.createSecureContext({ ...(ca.length === 0 ? {} : { ca }), ...(cert.length === 0 ? {} : { cert, key }) })
  } catch (error) {
    throw new LichenError(`the certificates for ${host} can't be used: ${(error as Error).message}`, {
      code: 'BAD_CERTIFICATES',
      hint: `look below certs.d/${host}`,
      cause: error,
    })
  }
}
