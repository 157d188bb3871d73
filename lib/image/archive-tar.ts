import { LichenError } from '../system/errors.ts'
import type { Archive, ArchiveFile } from './archive.ts'
import { archivePath, badArchive, digestOf } from './archive.ts'
import { type Bytes, bytesOfFile, passFile } from './archive-bytes.ts'
import { type ArchiveEntry, archiveEntries } from './archive-entries.ts'

const ENTRY_LIMIT = 100_000
const LINK_LIMIT = 16
const SAMPLE = 200

type Found = { kind: 'file'; file: ArchiveFile } | { kind: 'link'; target: string }

/**
 * Reads a tar from front to end; `keep` says where the content of a file can be found afterwards. Entries may come in
 * any order, and of two with one path the later counts. Throws NOT_AN_ARCHIVE, DAMAGED_ARCHIVE, TRUNCATED_ARCHIVE, BAD_ARCHIVE, ROOT_FILE_SYSTEM.
 */
export async function indexTar(bytes: Bytes, keep: (entry: ArchiveEntry, path: string) => Promise<ArchiveFile>): Promise<Pick<Archive, 'find' | 'sample'>> {
  const index = new Map<string, Found>()
  const sample: string[] = []
  for await (const entry of archiveEntries(bytes)) {
    const path = archivePath(entry.path)
    if (sample.length < SAMPLE) sample.push(path)
    checkKind(entry, path)
    if (index.size >= ENTRY_LIMIT) throw badArchive(`the archive has more than ${ENTRY_LIMIT} entries`)
    if (entry.type === 'file') index.set(path, { kind: 'file', file: await keep(entry, path) })
    else if (entry.type === 'symlink') index.set(path, { kind: 'link', target: symlinkTarget(path, entry.target) })
    else if (entry.type === 'link') index.set(path, { kind: 'link', target: archivePath(entry.target) })
  }
  return { find: async (path) => follow(index, archivePath(path)), sample }
}

function follow(index: ReadonlyMap<string, Found>, path: string): ArchiveFile | undefined {
  let at = path
  for (let links = 0; links <= LINK_LIMIT; links++) {
    const found = index.get(at)
    if (found?.kind !== 'link') return found?.file
    at = found.target
  }
  throw badArchive(`${path} in the archive is a link to itself`)
}

const symlinkTarget = (path: string, target: string) => archivePath(target, path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '')

/** A root file system is told from an image early, before gigabytes of it are put aside. */
function checkKind({ type }: ArchiveEntry, path: string): void {
  if (type !== 'other' && !/^(?:usr\/bin|bin|etc\/passwd|usr\/lib|sbin|lib64)$/.test(path)) return
  if (type === 'other') throw badArchive(`${JSON.stringify(path)} in the archive is no file, folder or link`, ROOTFS_HINT)
  throw new LichenError('it is the tar of a root file system, not an image archive', { code: 'NOT_AN_ARCHIVE', hint: ROOTFS_HINT })
}

export const ROOTFS_HINT = 'lichen import makes an image of the tar of a root file system'

/** A tar that lies uncompressed in a regular file of `size` bytes: only its headers are read. */
export async function openTarFile(fd: number, start: number, size: number): Promise<Pick<Archive, 'find' | 'sample'>> {
  const bytes = bytesOfFile(fd, start, size)
  return indexTar(bytes, async (entry) => fileAt(fd, start + bytes.position, entry.size))
}

function fileAt(fd: number, offset: number, size: number): ArchiveFile {
  const stream = () => passFile(fd, offset, size)
  return {
    size,
    stream,
    digest: () => digestOf(stream()),
  }
}
