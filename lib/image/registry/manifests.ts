import { LichenError } from '../../system/errors.ts'
import { isDigest, sha256 } from '../digest.ts'
import { indexTypes, manifestTypes } from '../media-types.ts'
import { MANIFEST_LIMIT } from '../parse-manifest.ts'
import { type Asked, explainAnswer } from './explain.ts'
import { type HttpResponse, readBody } from './http.ts'
import type { Session } from './session.ts'

export interface FetchedManifest {
  bytes: Buffer
  digest: string
  /** As the registry announces it; undefined where it says nothing of use. */
  mediaType: string | undefined
}

const ACCEPT = { Accept: [...manifestTypes, ...indexTypes].join(', ') }

/** What a registry has under a tag or a digest. Throws MANIFEST_UNKNOWN, BAD_MANIFEST and what explainAnswer gives. */
export async function fetchManifest(session: Session, asked: Asked, tagOrDigest: string): Promise<FetchedManifest> {
  const what = `manifest for ${asked.name}${isDigest(tagOrDigest) ? '@' : ':'}${tagOrDigest}`
  const response = await session.send({
    method: 'GET',
    path: manifestPath(asked.repository, tagOrDigest),
    headers: ACCEPT,
    whole: { limit: MANIFEST_LIMIT, what },
  })
  if (response.status !== 200) throw await explainAnswer(response, asked, what)
  const bytes = await readBody(response, MANIFEST_LIMIT)
  const digest = sha256(bytes)
  const announced = isDigest(tagOrDigest) ? tagOrDigest : announcedDigest(response)
  if (announced !== undefined && announced !== digest)
    throw bad(
      what,
      `registry ${asked.host} gives one with the digest ${digest} in place of ${announced}`,
      'somebody between you and it changes what it sends, or it is broken; nothing was kept',
    )
  return { bytes, digest, mediaType: mediaTypeOf(response) }
}

/** The digest of what is under a tag now; undefined where the registry does not say, or not without sending it. */
export async function headManifest(session: Session, asked: Asked, tag: string): Promise<string | undefined> {
  const response = await session.send({ method: 'HEAD', path: manifestPath(asked.repository, tag), headers: ACCEPT })
  response.discard()
  return response.status === 200 ? announcedDigest(response) : undefined
}

export const manifestPath = (repository: string, tagOrDigest: string): string => `/v2/${repository}/manifests/${tagOrDigest}`

function announcedDigest(response: HttpResponse): string | undefined {
  const header = response.headers['docker-content-digest']
  return isDigest(header) ? header : undefined
}

/** Plain file servers announce nothing that means anything; a type that does mean something is held to its word. */
function mediaTypeOf(response: HttpResponse): string | undefined {
  const type = (response.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  return ['', 'application/json', 'application/octet-stream', 'text/plain', 'binary/octet-stream'].includes(type) ? undefined : type
}

const bad = (what: string, why: string, hint?: string) => new LichenError(`${what}: ${why}`, { code: 'BAD_MANIFEST', ...(hint === undefined ? {} : { hint }) })

export interface ManifestToPut {
  /** Or its digest. */
  tag: string
  bytes: Buffer
  mediaType: string
  digest: string
}

/** Byte for byte. Throws what explainAnswer gives, and BAD_ANSWER. */
export async function putManifest(session: Session, asked: Asked, { tag, bytes, mediaType, digest }: ManifestToPut): Promise<void> {
  const what = `manifest for ${asked.name}${isDigest(tag) ? '@' : ':'}${tag}`
  const response = await session.send({
    method: 'PUT',
    path: manifestPath(asked.repository, tag),
    headers: { 'Content-Type': mediaType },
    body: bytes,
    answerWithin: 120_000,
  })
  if (response.status !== 201 && response.status !== 200) throw await explainAnswer(response, asked, what)
  response.discard()
  const kept = announcedDigest(response)
  if (kept !== undefined && kept !== digest)
    throw new LichenError(`registry ${asked.host} has kept ${what} with the digest ${kept}, and ${digest} was sent`, { code: 'BAD_ANSWER' })
}
