import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { addImage } from './add-image.ts'
import { blobSize, readBlob } from './blobs.ts'
import { sha256 } from './digest.ts'
import { gathered } from './gathered.ts'
import type { Descriptor, Manifest, Platform } from './manifest.ts'
import { parseConfiguration, parseManifest } from './parse-manifest.ts'
import { choosePlatform, fitsPlatform, formatPlatform, hostPlatform } from './platform.ts'
import { formatReference, fullName, type Reference } from './reference.ts'
import { readReference } from './references.ts'
import { askEndpoints, type Talk } from './registry/ask-endpoints.ts'
import type { Timing } from './registry/connect.ts'
import { downloadBlob } from './registry/download.ts'
import type { Asked } from './registry/explain.ts'
import { type FetchedManifest, fetchManifest, headManifest } from './registry/manifests.ts'
import type { Session } from './registry/session.ts'
import { readStoredImage } from './store.ts'
import { watchLayer } from './watch-layer.ts'

export type PullEvent =
  | { kind: 'from'; tag: string; repository: string }
  /** `layer` is the digest of its blob. started: it is asked for; downloaded: the last byte has come. */
  | { kind: 'layer'; layer: string; state: 'waiting' | 'started' | 'downloaded' | 'complete' | 'exists' }
  /** Bytes. */
  | { kind: 'progress'; layer: string; current: number; total: number }

export interface PullRequest {
  context: Context
  identity: Identity
  reference: Reference
  /** The user's wish; else this machine's. */
  platform?: Platform | undefined
  onEvent?: ((event: PullEvent) => void) | undefined
  timing?: Timing | undefined
  /** Nobody waits for it any more: it fails, and leaves nothing. */
  signal?: AbortSignal | undefined
}

export interface Pulled {
  /** Id of the image. */
  id: string
  /** Of what the registry has under the name: an index where there is one. */
  digest: string
  /** The name pointed to this image before. */
  upToDate: boolean
}

/** Brings an image from its registry, or from a mirror of it. Throws what explainFailure, explainAnswer and addImage give. */
export const pullImage = (request: PullRequest): Promise<Pulled> => {
  const { context, reference, timing, signal } = request
  return askEndpoints({ context, reference, action: 'pull', timing, signal }, (talk) => pullFrom(request, talk))
}

async function pullFrom({ context, identity, reference, platform, onEvent = () => {} }: PullRequest, { session, asked }: Talk): Promise<Pulled> {
  const wanted = platform ?? hostPlatform(process.arch)
  const tag = reference.digest ?? reference.tag!
  const found = (await unchangedImage(context, session, asked, reference, wanted)) ?? (await fetchManifest(session, asked, tag))
  onEvent({ kind: 'from', tag, repository: reference.repository })
  if ('upToDate' in found) return found
  const top = found
  const { fetched, manifest, mediaType } = await chooseManifest({ context, session, asked, reference, top, wanted })
  if (platform !== undefined && fetched === top) await requirePlatform({ context, session, asked, manifest, platform, what: formatReference(reference) })

  const open = (descriptor: Descriptor) =>
    descriptor.digest === manifest.config.digest
      ? downloadBlob(session, asked, descriptor, 'configuration')
      : gathered(watchLayer(downloadBlob(session, asked, descriptor), descriptor, onEvent))
  const name = formatReference(reference.digest === undefined ? reference : { ...reference, tag: undefined })
  const before = await readReference(context, name)
  const { image } = await addImage({
    context,
    identity,
    manifestBytes: fetched.bytes,
    manifest,
    mediaType,
    open,
    what: formatReference(reference),
    references: [...new Set([name, `${fullName(reference)}@${top.digest}`])],
    onLayer: ({ layer, state }) => onEvent({ kind: 'layer', layer, state }),
  })
  return { id: image.id, digest: top.digest, upToDate: before?.image === image.id }
}

/** What the name pointed to when it was pulled last, if the registry still says the same of it: one question, no answer's body. */
async function unchangedImage(context: Context, session: Session, asked: Asked, reference: Reference, wanted: Platform): Promise<Pulled | undefined> {
  const named = await readReference(context, formatReference(reference.digest === undefined ? reference : { ...reference, tag: undefined }))
  const stored = named === undefined ? undefined : await readStoredImage(context, named.image)
  if (named === undefined || stored === undefined) return undefined
  const configuration = parseConfiguration(await readBlob(context, named.image), formatReference(reference), stored.layers.length)
  if (!fitsPlatform(configuration, wanted)) return undefined
  const digest = reference.digest ?? (await headManifest(session, asked, reference.tag!))
  if (digest === undefined) return undefined
  const known = await readReference(context, `${fullName(reference)}@${digest}`)
  return known?.image === named.image ? { id: named.image, digest, upToDate: true } : undefined
}

interface ManifestWish {
  context: Context
  session: Session
  asked: Asked
  reference: Reference
  top: FetchedManifest
  wanted: Platform
}

async function chooseManifest({
  context,
  session,
  asked,
  reference,
  top,
  wanted,
}: ManifestWish): Promise<{ fetched: FetchedManifest; manifest: Manifest; mediaType: string }> {
  const what = formatReference(reference)
  const parsed = parseManifest(top.bytes, what, top.mediaType)
  if (parsed.kind === 'manifest') return { fetched: top, ...parsed }
  const chosen = choosePlatform(parsed.index, wanted, what)
  const { digest, mediaType } = chosen
  const here = (await blobSize(context, digest)) === chosen.size ? await readBlob(context, digest) : undefined
  const fetched = here !== undefined && sha256(here) === digest ? { bytes: here, digest, mediaType } : await fetchManifest(session, asked, digest)
  const inner = parseManifest(fetched.bytes, `${what} (${digest})`, fetched.mediaType ?? mediaType)
  if (inner.kind === 'index') throw new LichenError(`${what}: the manifest for ${formatPlatform(wanted)} is an index in an index`, { code: 'BAD_MANIFEST' })
  return { fetched, ...inner }
}

/** A manifest that is no part of an index says only in its configuration for which platform it is. */
async function requirePlatform({
  context,
  session,
  asked,
  manifest,
  platform,
  what,
}: Omit<ManifestWish, 'reference' | 'top' | 'wanted'> & { manifest: Manifest; platform: Platform; what: string }): Promise<void> {
  const { config } = manifest
  const here = (await blobSize(context, config.digest)) === undefined ? undefined : await readBlob(context, config.digest)
  const parts: Uint8Array[] = []
  if (here === undefined) for await (const part of downloadBlob(session, asked, config, 'configuration')) parts.push(part)
  const bytes = here ?? Buffer.concat(parts)
  // What was changed on the way is told by addImage, which gets it again.
  if (sha256(bytes) !== config.digest) return
  const configuration = parseConfiguration(bytes, what, manifest.layers.length)
  if (fitsPlatform(configuration, platform)) return
  throw new LichenError(
    `image with reference ${what} was found but does not match the specified platform: wanted ${formatPlatform(platform)}, actual: ${formatPlatform(configuration)}`,
    {
      code: 'NO_SUCH_PLATFORM',
      hint: 'leave --platform out to take it as it is',
    },
  )
}
