import type { Descriptor } from '../image/manifest.ts'

/** The configuration of a cache that stands by itself: an OCI manifest whose layers are those of the steps. Not BuildKit's type, whose keys are of other things. */
export const CACHE_CONFIG = 'application/vnd.lichen.buildcache.v1+json'
/** Where an image has the same in its configuration (`type=inline`). */
export const INLINE_KEY = 'lichen.buildcache.v1'

/** What a step came to, for whoever finds the same key elsewhere. */
export interface SharedStep {
  key: string
  /** RFC 3339 */
  created: string
  /** Undefined: it changed no file. Its blob may be elsewhere than where this is written. */
  layer?: { diffId: string; blob: Descriptor /** Bytes, unpacked. */; size: number }
}

export interface CacheDocument {
  steps: SharedStep[]
  /** diffIDs of the manifest's layers, in their order. */
  diffIds: string[]
}

/** Of a cache that stands by itself. */
export const cacheConfiguration = ({ steps, diffIds }: CacheDocument): Buffer => Buffer.from(JSON.stringify({ diffIds, steps }))

/**
 * Reads either form; undefined where an image has none. What is not as it should be is left out: nobody is to be kept from
 * building by a damaged cache. Pure.
 */
export function readCacheDocument(bytes: Uint8Array, mediaType: string): CacheDocument | undefined {
  const document = objectOf(parsed(bytes))
  if (document === undefined) return undefined
  const inline = mediaType !== CACHE_CONFIG
  const body = inline ? objectOf(document[INLINE_KEY]) : document
  const diffIds = inline ? objectOf(document['rootfs'])?.['diff_ids'] : document['diffIds']
  if (body === undefined || !Array.isArray(body['steps']) || !Array.isArray(diffIds)) return undefined
  return { steps: body['steps'].flatMap(stepOf), diffIds: diffIds.map(String) }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

function stepOf(value: unknown): SharedStep[] {
  const { key, created, layer } = objectOf(value) ?? {}
  if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key)) return []
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created))) return []
  if (layer === undefined) return [{ key, created }]
  const { diffId, size, blob } = objectOf(layer) ?? {}
  const { digest, size: packed, mediaType } = objectOf(blob) ?? {}
  if (!isDigest(diffId) || !isDigest(digest) || !isSize(size) || !isSize(packed) || typeof mediaType !== 'string') return []
  return [{ key, created, layer: { diffId, size, blob: { mediaType, digest, size: packed } } }]
}

const isDigest = (value: unknown): value is string => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value)
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const objectOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
