import type { Context } from '../../system/context.ts'
import { homeFolder } from '../../system/home.ts'
import { authoriser } from './authoriser.ts'
import type { Patience } from './back-off.ts'
import { certificateFolders } from './certificates.ts'
import { findCredentials } from './credentials.ts'
import { type Endpoint, isInsecure } from './endpoints.ts'
import { openSession, type Session } from './session.ts'
import { type Limits, openTransport, type Transport } from './transport.ts'

/** Times that tests shorten. */
export interface Timing {
  limits?: Partial<Limits>
  patience?: Partial<Patience>
}

/** Connections as this user's configuration and environment want them. */
export async function userTransport(context: Context, { limits }: Timing, signal?: AbortSignal): Promise<Transport> {
  return openTransport({
    isInsecure: (host) => isInsecure(host, context.config),
    certificateFolders: certificateFolders(homeFolder()),
    env: process.env,
    signal,
    ...(limits === undefined ? {} : { limits }),
  })
}

export interface SessionWish {
  transport: Transport
  endpoint: Endpoint
  repository: string
  actions: 'pull' | 'pull,push'
  /** Other repositories of the registry that may have to be read. */
  alsoPull?: readonly string[]
  timing: Timing
}

/** A talk about one repository, with what this user has for the endpoint itself: never with what is for another. */
export function repositorySession({ transport, endpoint, repository, actions, alsoPull = [], timing: { patience } }: SessionWish): Session {
  const scopes = [`repository:${repository}:${actions}`, ...alsoPull.map((other) => `repository:${other}:pull`)]
  const authorised = authoriser({ transport, endpoint, scopes, credentials: () => findCredentials(endpoint.host, repository) })
  return openSession({ transport, endpoint, authoriser: authorised, ...(patience === undefined ? {} : { patience }) })
}
