import { packTar } from '../image/pack-tar.ts'
import { unpackTar } from '../image/unpack-tar.ts'
import { packFiles, unpackFiles, type ViewInput } from '../runtime/view.ts'
import { hasVolume, readVolume } from '../storage/volumes.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { isName, noSuchVolume } from './remove-volumes.ts'
import { volumePlace } from './volume-place.ts'

/** What is in a volume as a tar, with owners as containers count them, for `write`. Throws VOLUME_NOT_FOUND, NO_FILES. */
export async function exportVolume(context: Context, name: string, write: (tar: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
  const files = await filesOf(context, name)
  await write(packTar(packFiles({ ...files, path: '/', name: '', follow: false }), { top: './' }))
}

/** Adds what is in a tar, plain or compressed, to a volume; owners are those of the tar. Throws VOLUME_NOT_FOUND, NO_FILES, NOT_AN_ARCHIVE, what the unpacking throws. */
export async function importIntoVolume(context: Context, name: string, tar: AsyncIterable<Uint8Array>): Promise<void> {
  const files = await filesOf(context, name)
  await unpackTar(tar, unpackFiles({ ...files, directory: '/', owners: true, confined: true, top: true }))
  // Nobody is kept from removing it meanwhile: what was unpacked is gone with it then.
  if (!(await hasVolume(context, name))) throw noSuchVolume(name)
}

async function filesOf(context: Context, name: string): Promise<ViewInput> {
  const volume = isName(name) ? await readVolume(context, name) : undefined
  if (volume === undefined) throw noSuchVolume(name)
  const path = volumePlace(context, volume)
  if (path === '') {
    throw new LichenError(`volume ${name} is a tmpfs: each container that mounts it has files of its own`, {
      code: 'NO_FILES',
      exitCode: 1,
      hint: 'lichen cp brings them out of a container that runs',
    })
  }
  return { context, identity: await hostIdentity(context), view: { kind: 'directory', path } }
}
