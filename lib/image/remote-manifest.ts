import type { Context } from '../system/context.ts'
import { type ParsedManifest, parseManifest } from './parse-manifest.ts'
import { formatReference, type Reference } from './reference.ts'
import { askEndpoints } from './registry/ask-endpoints.ts'
import { fetchManifest } from './registry/manifests.ts'

export interface RemoteManifest {
  bytes: Buffer
  digest: string
  mediaType: string
  parsed: ParsedManifest
  /** Of an index: its manifests, in order; fetched where that was asked for. */
  members: Omit<RemoteManifest, 'members'>[]
}

/** What a registry has under a name, as it is. Throws as pullImage does. */
export function remoteManifest(context: Context, reference: Reference, { members }: { members: boolean }): Promise<RemoteManifest> {
  return askEndpoints({ context, reference, action: 'pull' }, async ({ session, asked }) => {
    const fetch = async (tagOrDigest: string) => {
      const fetched = await fetchManifest(session, asked, tagOrDigest)
      const parsed = parseManifest(fetched.bytes, formatReference(reference), fetched.mediaType)
      return { ...fetched, mediaType: parsed.mediaType, parsed }
    }
    const top = await fetch(reference.digest ?? reference.tag!)
    const inner = []
    for (const { digest } of members && top.parsed.kind === 'index' ? top.parsed.index.manifests : []) inner.push(await fetch(digest))
    return { ...top, members: inner }
  })
}
