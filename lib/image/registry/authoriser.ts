import { type Challenge, parseChallenges } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import type { Endpoint } from './endpoints.ts'
import type { HttpResponse } from './http.ts'
import { basic, fetchToken } from './token.ts'
import type { Transport } from './transport.ts'

export interface Authoriser {
  /** Value of the Authorization header, as far as is known. */
  header(): string | undefined
  /**
   * After a 401 to a request that had `used` as its header: gets what the registry wants. Gives undefined where it is
   * worth asking again, else the answer that refuses. Those who ask at the same time wait for one token.
   */
  satisfy(answer: HttpResponse, used: string | undefined): Promise<HttpResponse | undefined>
}

export interface AuthoriserOptions {
  transport: Transport
  endpoint: Endpoint
  scopes: readonly string[]
  /** Asked once, and only if the registry wants to know who comes. */
  credentials(): Promise<Credentials | undefined>
}

export function authoriser(options: AuthoriserOptions): Authoriser {
  const { endpoint, transport } = options
  let current: string | undefined
  let pending: Promise<HttpResponse | undefined> | undefined
  let known: Promise<Credentials | undefined> | undefined

  // What the user has for a registry does not go over the wire in the clear, unless the registry is one where that was allowed.
  const maySend = endpoint.base.startsWith('https:') || endpoint.insecure
  const credentials = () => (known ??= maySend ? options.credentials() : Promise.resolve(undefined))

  async function obtain(answer: HttpResponse, used: string | undefined): Promise<HttpResponse | undefined> {
    const challenges = parseChallenges(answer.headers['www-authenticate'] ?? '')
    const mine = await credentials()
    const bearer = challenges.find((challenge) => challenge.scheme === 'bearer')
    const next = mine?.kind === 'bearer' ? `Bearer ${mine.token}` : undefined
    if (next !== undefined && next !== used) {
      current = next
      return undefined
    }
    if (bearer !== undefined && next === undefined) return byToken(bearer, answer, mine)
    if (!challenges.some(({ scheme }) => scheme === 'basic') || mine?.kind !== 'password' || basic(mine) === used) return answer
    current = basic(mine)
    return undefined
  }

  async function byToken(
    challenge: Extract<Challenge, { scheme: 'bearer' }>,
    answer: HttpResponse,
    mine: Credentials | undefined,
  ): Promise<HttpResponse | undefined> {
    const asked = challenge.scope === '' ? [] : challenge.scope.split(' ')
    const scopes = [...new Set([...options.scopes, ...asked.filter((scope) => !options.scopes.some((own) => covers(own, scope)))])]
    const result = await fetchToken({ transport, endpoint, challenge, scopes, credentials: mine })
    if ('refusal' in result) {
      answer.discard()
      return result.refusal
    }
    current = `Bearer ${result.token}`
    return undefined
  }

  return {
    header: () => current,
    async satisfy(answer, used) {
      if (current !== used) return undefined
      if (pending !== undefined) {
        const refused = await pending
        return refused === undefined ? undefined : answer
      }
      pending = obtain(answer, used)
      try {
        return await pending
      } finally {
        pending = undefined
      }
    },
  }
}

/** Whether `repository:x:pull,push` holds what `repository:x:pull` asks for. */
function covers(own: string, asked: string): boolean {
  const cut = (scope: string) => ({ what: scope.slice(0, scope.lastIndexOf(':')), actions: scope.slice(scope.lastIndexOf(':') + 1).split(',') })
  const [has, wants] = [cut(own), cut(asked)]
  return has.what === wants.what && wants.actions.every((action) => has.actions.includes(action))
}
