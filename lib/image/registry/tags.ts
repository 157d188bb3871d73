import { LichenError } from '../../system/errors.ts'
import { type Asked, explainAnswer } from './explain.ts'
import { readBody } from './http.ts'
import type { Session } from './session.ts'

const MOST_PAGES = 1000
const LIST_LIMIT = 8 * 1024 * 1024

/** All tags of a repository, page by page. Throws what explainAnswer gives, and BAD_ANSWER. */
export async function listTags(session: Session, asked: Asked): Promise<string[]> {
  const tags: string[] = []
  const first = new URL(`${session.endpoint.base}/v2/${asked.repository}/tags/list`)
  let page: URL | undefined = first
  for (let pages = 0; page !== undefined && pages < MOST_PAGES; pages++) {
    const what = `list of tags of ${asked.name}`
    const response = await session.send({ method: 'GET', path: page, headers: { Accept: 'application/json' }, whole: { limit: LIST_LIMIT, what } })
    if (response.status !== 200) throw await explainAnswer(response, asked, what)
    tags.push(...readTags((await readBody(response, LIST_LIMIT)).toString('utf8'), asked))
    page = nextPage(response.headers.link, page, first.origin)
  }
  return tags
}

function readTags(text: string, { host, name }: Asked): string[] {
  try {
    const tags = (JSON.parse(text) as { tags?: unknown } | null)?.tags ?? []
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags
  } catch {
    // told below
  }
  throw new LichenError(`registry ${host} gives a list of tags of ${name} that can't be read`, { code: 'BAD_ANSWER' })
}

/** RFC 8288: `</v2/x/tags/list?last=b&n=100>; rel="next"`. Only at the same server. */
function nextPage(link: string | string[] | undefined, from: URL, origin: string): URL | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec([link ?? ''].flat().join(','))?.[1]
  if (target === undefined || !URL.canParse(target, from.href)) return undefined
  const next = new URL(target, from.href)
  return next.origin === origin && next.href !== from.href ? next : undefined
}
