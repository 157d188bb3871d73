import type { Context } from '../../system/context.ts'
import { fullName, type Reference } from '../reference.ts'
import { repositorySession, type Timing, userTransport } from './connect.ts'
import { type Endpoint, endpointsOf, ownEndpoints } from './endpoints.ts'
import type { Asked } from './explain.ts'
import { withEndpoints } from './next-endpoint.ts'
import type { Session } from './session.ts'

export interface EndpointWish {
  context: Context
  reference: Reference
  /** What is pushed never goes to a mirror. */
  action: 'pull' | 'push'
  /** Other repositories of the registry that may have to be read. */
  alsoPull?: readonly string[]
  timing?: Timing | undefined
  /** Nobody waits for it any more. */
  signal?: AbortSignal | undefined
}

export interface Talk {
  session: Session
  asked: Asked
}

/** Does `work` with the first of a registry's endpoints that can be used for it. Failures are explained. */
export async function askEndpoints<T>(
  { context, reference, action, alsoPull = [], timing = {}, signal }: EndpointWish,
  work: (talk: Talk) => Promise<T>,
): Promise<T> {
  const { registry, repository } = reference
  const transport = await userTransport(context, timing, signal)
  const endpoints = (action === 'pull' ? endpointsOf : ownEndpoints)(registry, context.config)
  const askedOf = ({ host }: Endpoint): Asked => ({ host, repository, name: fullName(reference), action })
  try {
    return await withEndpoints(endpoints, {
      asked: askedOf,
      open: (endpoint) => repositorySession({ transport, endpoint, repository, actions: action === 'pull' ? 'pull' : 'pull,push', alsoPull, timing }),
      work: (session) => work({ session, asked: askedOf(session.endpoint) }),
    })
  } finally {
    transport.close()
  }
}
