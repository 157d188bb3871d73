import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { unpackLayer } from '../../lib/image/unpack.ts'
import { addon } from '../../lib/system/addon.ts'
import { digest, inPieces } from './archives.ts'
import { type LayerMember, layerTar } from './layer-tar.ts'
import { type MappedStore, mappedStore } from './mapped-store.ts'

export const isWhiteout = (path: string) => {
  const status = lstatSync(path)
  return status.isCharacterDevice() && status.rdev === 0
}
export const isOpaque = (path: string) => addon.getxattr({ path, name: 'user.overlay.opaque' })?.toString() === 'y'

/** What is in the store's folders; of a failed unpack nothing may be. */
export const remainder = ({ context }: MappedStore) => readdirSync(context.paths.data, { recursive: true }).filter((name) => name !== 'tmp')

export const unpackThese = async (...members: LayerMember[]) => {
  const store = await mappedStore()
  return { store, layer: await store.unpack(layerTar(members)) }
}

/** Why a layer is not taken; undefined where it is. Nothing of one that is refused may be left. */
export async function refusalOf(tar: Buffer, diffId = digest(tar)) {
  const store = await mappedStore()
  const error = await unpackLayer({ context: store.context, identity: store.identity, blob: inPieces(tar, 5000), diffId }).then(
    () => undefined,
    (thrown: unknown) => thrown as { code: string; message: string; hint?: string },
  )
  if (error !== undefined) expect(readdirSync(join(store.context.paths.data, 'tmp'))).toEqual([])
  return error
}
