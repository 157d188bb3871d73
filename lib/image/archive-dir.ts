import { type Archive, badArchive, readArchiveFile } from './archive.ts'
import type { ArchiveImage } from './archive-image.ts'
import { digestHex, sha256 } from './digest.ts'
import { MANIFEST_LIMIT, parseManifest } from './parse-manifest.ts'

export const DIR_VERSION = 'Directory Transport Version: 1.1\n'

/** Whether a folder is one of skopeo's and podman's `dir:`: manifest.json, and blobs named by the digits of their digests. */
export async function isDirLayout(archive: Archive): Promise<boolean> {
  const file = await archive.find('version')
  return file !== undefined && file.size < 1024 && /^Directory Transport Version: 1\./.test((await readArchiveFile(file, 'version', 1024)).toString('latin1'))
}

/** Throws BAD_ARCHIVE, BAD_MANIFEST. */
export async function dirImage(archive: Archive): Promise<ArchiveImage> {
  const file = await archive.find('manifest.json')
  if (file === undefined) throw badArchive('it has no manifest.json')
  const manifestBytes = await readArchiveFile(file, 'manifest.json', MANIFEST_LIMIT)
  const parsed = parseManifest(manifestBytes, 'manifest.json')
  if (parsed.kind === 'index') throw badArchive('its manifest.json is an index of several platforms', 'copy one of them: skopeo copy without --all')
  const { manifest, mediaType } = parsed
  return { manifestBytes, digest: sha256(manifestBytes), manifest, mediaType, names: [], references: [], find: ({ digest }) => archive.find(digestHex(digest)) }
}
