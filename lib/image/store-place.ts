import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson, writeFileAtomic } from '../system/files.ts'
import { withLock } from '../system/lock.ts'
import { DIR_VERSION } from './archive-dir.ts'
import { blobPath, readBlob } from './blobs.ts'
import { digestHex } from './digest.ts'
import type { Descriptor } from './manifest.ts'
import { OCI_INDEX } from './media-types.ts'
import type { StoredImage } from './store.ts'

export interface LayoutTarget {
  context: Context
  image: Pick<StoredImage, 'id' | 'manifest' | 'layers'>
  path: string
  /** It is one of several, and the name is for all of them. */
  several?: { index: Descriptor; images: readonly LayoutTarget['image'][] } | undefined
}

/** Puts an image into an OCI layout, which is made where there is none; what was under its name there loses it. Byte for byte. */
export async function storeInLayout({ context, image, path, several }: LayoutTarget, name: string): Promise<void> {
  const blobs = `${path}/blobs/sha256`
  await told(path, mkdir(blobs, { recursive: true }))
  // Readers want to see oci-layout; it is what writers lock, too.
  const mark = `${path}/oci-layout`
  await told(path, writeFile(mark, JSON.stringify({ imageLayoutVersion: '1.0.0' }), { flag: 'wx' }).catch(unlessThere))
  await withLock(mark, 'exclusive', async () => {
    const digests = several === undefined ? digestsOf(image) : [...new Set(several.images.flatMap(digestsOf)), several.index.digest]
    for (const digest of digests) await copyBlob(context, digest, `${blobs}/${digestHex(digest)}`)
    const index = await readJson<{ manifests?: Descriptor[] }>(`${path}/index.json`)
    const others = (index?.manifests ?? []).filter(({ annotations }) => annotations?.[REF_NAME] !== name)
    const { mediaType, digest, size } = several?.index ?? image.manifest
    const manifests = [...others, { mediaType, digest, size, annotations: { [REF_NAME]: name } }]
    await told(path, writeFileAtomic(`${path}/index.json`, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, ...index, manifests }), { mode: 0o644 }))
  })
}

const REF_NAME = 'org.opencontainers.image.ref.name'

/** Writes an image to a folder of its own, as skopeo's `dir:`; what such a folder had before is replaced. Throws OUTPUT_FAILED. */
export async function storeInDir({ context, image, path }: LayoutTarget): Promise<void> {
  await told(path, mkdir(path, { recursive: true }))
  const names = await readdir(path)
  if (names.length > 0 && !names.includes('version')) {
    throw new LichenError(`${path} holds something else than an image`, { code: 'OUTPUT_FAILED', hint: 'give an empty folder, or one that does not exist' })
  }
  for (const name of names.filter((entry) => /^[0-9a-f]{64}$/.test(entry) || entry === 'manifest.json')) await unlink(`${path}/${name}`)
  await told(path, writeFile(`${path}/version`, DIR_VERSION))
  for (const digest of digestsOf(image).filter((each) => each !== image.manifest.digest)) await copyBlob(context, digest, `${path}/${digestHex(digest)}`)
  await told(path, writeFile(`${path}/manifest.json`, await readBlob(context, image.manifest.digest)))
}

const digestsOf = (image: LayoutTarget['image']): string[] => [...new Set([...image.layers.map(({ blob }) => blob), image.id, image.manifest.digest])]

async function copyBlob(context: Context, digest: string, target: string): Promise<void> {
  const from = blobPath(context, digest)
  const [there, here] = await Promise.all([stat(target).catch(() => undefined), stat(from)])
  if (there?.size === here.size) return
  const temporary = `${target}.${process.pid}.tmp`
  try {
    // Shared where the file system can; the copy is the user's to read as any file is.
    await copyFile(from, temporary, constants.COPYFILE_FICLONE)
    await chmod(temporary, 0o644)
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw failed(target, error)
  }
}

async function told<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw failed(path, error)
  }
}

function failed(path: string, error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (syscall === undefined) return error
  const reason =
    {
      ENOENT: 'no such file or directory',
      EACCES: 'permission denied',
      ENOSPC: 'no space left on device',
      EEXIST: 'it is a file',
      ENOTDIR: 'it is below a file',
    }[code ?? ''] ?? message
  return new LichenError(`${path} can't be written: ${reason}`, { code: 'OUTPUT_FAILED', cause: error })
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
