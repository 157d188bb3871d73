import { LichenError } from '../system/errors.ts'
import { checkDigest } from './digest.ts'
import type { Descriptor, ImageConfiguration, ImageIndex, Manifest } from './manifest.ts'
import { configTypes, indexTypes, isForeignLayer, layerTypes, manifestTypes } from './media-types.ts'

export const MANIFEST_LIMIT = 4 * 1024 * 1024
export const CONFIGURATION_LIMIT = 8 * 1024 * 1024
const LAYER_LIMIT = 1000

export type ParsedManifest = { kind: 'manifest'; manifest: Manifest; mediaType: string } | { kind: 'index'; index: ImageIndex; mediaType: string }

/**
 * Reads a manifest or an index that was verified byte by byte. `mediaType` is what the one who gave it said of it, if
 * anything. `what` names it in messages; `configs` are the types of configurations that are taken. Throws BAD_MANIFEST, BAD_DIGEST.
 */
export function parseManifest(bytes: Uint8Array, what: string, mediaType?: string, configs: readonly string[] = configTypes): ParsedManifest {
  const document = parseObject(bytes, what, MANIFEST_LIMIT)
  const { schemaVersion, layers, manifests } = document
  if (schemaVersion === 1) throw bad(what, 'it is of schema 1, which nobody should use any more', 'push the image again with a newer tool')
  if (schemaVersion !== 2) throw bad(what, 'its schemaVersion is not 2')
  // One document that reads as two images (CVE-2021-41190).
  if (layers !== undefined && manifests !== undefined) throw bad(what, 'it has both layers and manifests')
  const kind = manifests === undefined ? 'manifest' : 'index'
  const known = kind === 'manifest' ? manifestTypes : indexTypes
  const claimed = [mediaType, document['mediaType']].filter((type) => type !== undefined && type !== '')
  for (const type of claimed) {
    if (typeof type !== 'string' || !known.includes(type))
      throw bad(what, `it is announced as ${JSON.stringify(type)} and reads as ${kind === 'manifest' ? 'a manifest' : 'an index'}`)
  }
  const type = (claimed[0] as string | undefined) ?? known[0]!
  if (kind === 'index') return { kind, mediaType: type, index: { ...document, schemaVersion: 2, manifests: descriptors(manifests, what) } as ImageIndex }
  const manifest = { ...document, schemaVersion: 2, config: descriptor(document['config'], what), layers: descriptors(layers, what) } as Manifest
  checkImage(manifest, what, configs)
  return { kind, mediaType: type, manifest }
}

function checkImage({ config, layers }: Manifest, what: string, configs: readonly string[]): void {
  if (!configs.includes(config.mediaType)) {
    throw bad(what, `it is no container image: its configuration is ${JSON.stringify(config.mediaType)}`, "charts, signatures and other artifacts can't be run")
  }
  if (config.size > CONFIGURATION_LIMIT) throw bad(what, `its configuration has ${config.size} bytes, more than the ${CONFIGURATION_LIMIT} that are taken`)
  for (const layer of layers) {
    if (isForeignLayer(layer.mediaType))
      throw bad(
        what,
        `layer ${layer.digest} is a foreign one, which its vendor does not let registries hand on`,
        'lichen fetches layers only from the registry itself',
      )
    if (!layerTypes.includes(layer.mediaType)) throw bad(what, `layer ${layer.digest} has the unknown type ${JSON.stringify(layer.mediaType)}`)
  }
}

/** Reads a configuration blob and checks that it belongs to so many layers. Throws BAD_MANIFEST, BAD_DIGEST. */
export function parseConfiguration(bytes: Uint8Array, what: string, layerCount: number): ImageConfiguration {
  const document = parseObject(bytes, what, CONFIGURATION_LIMIT)
  const rootfs = document['rootfs'] as { type?: unknown; diff_ids?: unknown } | undefined
  const diffIds = rootfs?.diff_ids ?? (layerCount === 0 ? [] : undefined)
  if (!Array.isArray(diffIds)) throw bad(what, 'it has no list of layers (rootfs.diff_ids)')
  if (diffIds.length !== layerCount) throw bad(what, `it tells of ${diffIds.length} layers, its manifest of ${layerCount}`)
  for (const diffId of diffIds) checkDigest(diffId, `${what}: rootfs.diff_ids`)
  if (document['config'] !== undefined && document['config'] !== null && !isObject(document['config'])) throw bad(what, 'its "config" is no object')
  const os = typeof document['os'] === 'string' && document['os'] !== '' ? document['os'] : 'linux'
  if (os !== 'linux') throw bad(what, `it is for ${os}, not for linux`, 'choose another image, or --platform linux/ARCHITECTURE')
  const { config, ...rest } = document
  const architecture = typeof document['architecture'] === 'string' ? document['architecture'] : ''
  return { ...rest, ...(isObject(config) ? { config } : {}), os, architecture, rootfs: { type: 'layers', diff_ids: diffIds as string[] } } as ImageConfiguration
}

function descriptors(value: unknown, what: string): Descriptor[] {
  if (!Array.isArray(value)) throw bad(what, 'it has no list of layers or manifests')
  if (value.length > LAYER_LIMIT) throw bad(what, `it names ${value.length} blobs, more than the ${LAYER_LIMIT} that are taken`)
  return value.map((entry) => descriptor(entry, what))
}

function descriptor(value: unknown, what: string): Descriptor {
  if (!isObject(value)) throw bad(what, 'a descriptor in it is no object')
  checkDigest(value['digest'], what)
  if (!Number.isSafeInteger(value['size']) || (value['size'] as number) < 0) throw bad(what, `the size of ${String(value['digest'])} is no number of bytes`)
  if (typeof value['mediaType'] !== 'string') throw bad(what, `${String(value['digest'])} has no media type`)
  return value as unknown as Descriptor
}

function parseObject(bytes: Uint8Array, what: string, limit: number): Record<string, unknown> {
  if (bytes.length > limit) throw bad(what, `it has ${bytes.length} bytes, more than the ${limit} that are taken`)
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new LichenError(`${what}: it is not valid JSON: ${(error as Error).message}`, { code: 'BAD_MANIFEST', cause: error })
  }
  if (!isObject(document)) throw bad(what, 'it is no JSON object')
  return document
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const bad = (what: string, why: string, hint?: string) => new LichenError(`${what}: ${why}`, { code: 'BAD_MANIFEST', ...(hint === undefined ? {} : { hint }) })
