import type { Context } from '../../system/context.ts'
import { LichenError } from '../../system/errors.ts'
import { authoriser } from './authoriser.ts'
import { userTransport } from './connect.ts'
import { findCredentials } from './credentials.ts'
import { ownEndpoints } from './endpoints.ts'
import { type HttpResponse, readBody } from './http.ts'
import { withEndpoints } from './next-endpoint.ts'
import { openSession } from './session.ts'

export interface SearchResult {
  name: string
  description: string
  stars: number
  official: boolean
  automated: boolean
}

/** Docker Hub answers searches under another name than pulls. */
const HUB_SEARCH = 'https://index.docker.io'

/**
 * Images whose names or descriptions fit. Only Docker Hub and few others can be searched: the distribution protocol
 * has nothing for it. Throws NO_SEARCH, REGISTRY_UNREACHABLE, ...
 */
export async function searchImages(context: Context, { registry, term, limit }: { registry: string; term: string; limit: number }): Promise<SearchResult[]> {
  const transport = await userTransport(context, {})
  const own = ownEndpoints(registry, context.config)
  const endpoints = registry === 'docker.io' ? [{ ...own[0]!, base: HUB_SEARCH }] : own
  const query = new URLSearchParams({ q: term, n: String(limit) })
  const asked = () => ({ host: registry, repository: '', name: registry, action: 'pull' }) as const
  try {
    return await withEndpoints(endpoints, {
      asked,
      open: (endpoint) => {
        const authorised = authoriser({ transport, endpoint, scopes: [], credentials: () => findCredentials(registry) })
        return openSession({ transport, endpoint, authoriser: authorised })
      },
      async work(session) {
        const response = await session.send({ method: 'GET', path: `/v1/search?${query}`, headers: { Accept: 'application/json' } })
        return (await readResults(response, registry)).slice(0, limit)
      },
    })
  } finally {
    transport.close()
  }
}

async function readResults(response: HttpResponse, registry: string): Promise<SearchResult[]> {
  if (response.status === 200) {
    const results = parseResults((await readBody(response, 4 * 1024 * 1024)).toString('utf8'))
    if (results !== undefined) return results
  } else response.discard()
  throw new LichenError(`registry ${registry} has no search (it answers ${response.status} to /v1/search)`, {
    code: 'NO_SEARCH',
    exitCode: 1,
    hint: 'most registries have none: look on its web page, or pull an image by its name',
  })
}

export function parseResults(text: string): SearchResult[] | undefined {
  let document: { results?: unknown } | null
  try {
    document = JSON.parse(text) as typeof document
  } catch {
    return undefined
  }
  if (!Array.isArray(document?.results)) return undefined
  return (document.results as Record<string, unknown>[]).flatMap((entry) => {
    if (typeof entry?.['name'] !== 'string') return []
    const description = entry['description']
    return [
      {
        name: entry['name'],
        description: typeof description === 'string' ? description.replace(/\s+/g, ' ') : '',
        stars: Number(entry['star_count']) || 0,
        official: entry['is_official'] === true,
        automated: entry['is_automated'] === true,
      },
    ]
  })
}
