import { posix } from 'node:path'
import type { ContainerView } from '../container/view.ts'
import { packTar } from '../image/pack-tar.ts'
import { unpackTar } from '../image/unpack-tar.ts'
import { copyFiles, type Found, noIdentity, type PackInput, packFiles, statFiles, type UnpackInput, unpackFiles, type ViewInput } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { identityOf, withContainerFiles, withFilesOfBoth } from './container-files.ts'
import { type CopyPath, copyPath, decideCopy, refused } from './copy-paths.ts'
import { spooled } from './copy-spool.ts'

/** One side of a copy: a path of a container, or of the host. */
export interface CopyEnd {
  container: ContainerView | undefined
  path: string
}

export interface CopyOptions {
  /** Owners are kept, as the ids of the container mean them. */
  archive: boolean
  followLink: boolean
}

/** Copies a file or a directory, as `docker cp`; gives the bytes that it would take as a tar. Throws FILE_NOT_FOUND, COPY_REFUSED, what explainFailure says. */
export async function copyBetween(context: Context, source: CopyEnd, target: CopyEnd, options: CopyOptions): Promise<number> {
  if (source.container === undefined) {
    if (target.container === undefined) throw refused('must specify at least one container source')
    const to = target.container
    const host = { ...hostFiles(context), identity: options.archive ? await identityOf(context, to) : noIdentity }
    return withContainerFiles(context, to, 'with mounts', (files) => copyNow([host, source], [files, target], options))
  }
  if (target.container === undefined) {
    const identity = options.archive ? await identityOf(context, source.container) : noIdentity
    return withContainerFiles(context, source.container, 'with mounts', (files) =>
      copyNow([files, source], [{ ...hostFiles(context), identity }, target], options),
    )
  }
  if (source.container.record.id === target.container.record.id) {
    return withContainerFiles(context, source.container, 'with mounts', (files) => copyNow([files, source], [files, target], options))
  }
  return withFilesOfBoth(context, [source.container, target.container], ([from, to]) => copyNow([from, source], [to, target], options))
}

/** The host's, by the rights of the user. */
const hostFiles = (context: Context): ViewInput => ({ context, identity: noIdentity, view: { kind: 'host' } })

type Side = readonly [files: ViewInput, end: CopyEnd]

async function copyNow([fromFiles, from]: Side, [toFiles, to]: Side, { archive, followLink }: CopyOptions): Promise<number> {
  const { path, found, follow } = await findSource(fromFiles, from, followLink)
  const target = await findTarget(toFiles, to)
  const { into, name } = decideCopy({ ...path, kind: found.type === 'directory' ? 'directory' : 'other' }, target)
  const pack: PackInput = { ...fromFiles, path: path.path, name, follow }
  const unpack: UnpackInput = { ...toFiles, directory: into, owners: archive, confined: to.container === undefined }
  // The files of a container that does not run are mounted once at a time.
  const same = from.container !== undefined && from.container.record.id === to.container?.record.id && fromFiles.view.kind === 'rootfs'
  return inWords(to, async () => (same ? await spooled(pack, unpack) : (await copyFiles(pack, unpack)).bytes))
}

/** A tar goes into a directory of a container, owners and all. */
export async function copyTarInto(context: Context, container: ContainerView, path: string, tar: AsyncIterable<Uint8Array>): Promise<number> {
  const end = { container, path }
  return withContainerFiles(context, container, 'with mounts', async (files) => {
    const target = await findTarget(files, end)
    if (target.kind !== 'directory') throw refused(`destination "${container.record.name}:${path}" must be a directory`)
    return inWords(end, async () => (await unpackTar(tar, unpackFiles({ ...files, directory: target.path, owners: true, confined: false }))).bytes)
  })
}

/** A file or directory of a container as a tar, for `write`. */
export async function copyOutAsTar(
  context: Context,
  container: ContainerView,
  path: string,
  followLink: boolean,
  write: (tar: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  await withContainerFiles(context, container, 'with mounts', async (files) => {
    const source = await findSource(files, { container, path }, followLink)
    const pack = { ...files, path: source.path.path, name: source.path.contents ? '' : posix.basename(source.path.path), follow: source.follow }
    await write(packTar(packFiles(pack), source.path.contents ? { top: './' } : {}))
  })
}

async function findSource(files: ViewInput, end: CopyEnd, followLink: boolean): Promise<{ path: CopyPath; found: Found; follow: boolean }> {
  const path = absolute(end)
  const follow = followLink || path.directory
  const [found] = await statFiles({ ...files, paths: [path.path], follow })
  // A link that leads nowhere is there, and yet there is nothing to copy.
  if (found === undefined || (follow && found.type === 'symlink')) throw notFound(end, path.path)
  return { path, found, follow }
}

const LINKS_MAX = 10

/** As Docker: a link is followed, be it that nothing is there yet. The directory above is to be there. */
async function findTarget(files: ViewInput, end: CopyEnd): Promise<CopyPath & { kind: 'directory' | 'other' | undefined }> {
  const path = absolute(end)
  for (let links = 0; links < LINKS_MAX; links++) {
    const [found, parent] = await statFiles({ ...files, paths: [path.path, posix.dirname(path.path)], follow: false })
    if (found?.type === 'symlink') {
      // Not tidied up: what ".." is behind another link only the kernel knows.
      path.path = found.link.startsWith('/') ? found.link.replace(/(.)\/+$/, '$1') : `${posix.dirname(path.path)}/${found.link.replace(/\/+$/, '')}`
      if (/(^|\/)\.{1,2}$/.test(path.path)) return { ...path, kind: 'directory' }
      continue
    }
    if (found?.type === 'directory') return { ...path, kind: 'directory' }
    if (found?.type === 'file') return { ...path, kind: 'other' }
    if (found !== undefined) throw refused(`destination ${JSON.stringify(end.path)} must be a directory or a regular file`)
    await checkParent(files, end, posix.dirname(path.path), parent)
    return { ...path, kind: undefined }
  }
  throw refused(`${end.path}: too many levels of symbolic links`)
}

async function checkParent(files: ViewInput, end: CopyEnd, path: string, found: Found | undefined): Promise<void> {
  const [parent] = found?.type === 'symlink' ? await statFiles({ ...files, paths: [path], follow: true }) : [found]
  if (parent?.type === 'directory') return
  if (parent !== undefined && parent.type !== 'symlink') throw refused(`${path}: not a directory`)
  throw end.container === undefined ? refused(`invalid output path: directory ${JSON.stringify(path)} does not exist`) : notFound(end, path)
}

const absolute = ({ container, path }: CopyEnd): CopyPath => copyPath(path, container === undefined ? process.cwd() : '/')

function notFound({ container }: CopyEnd, path: string): LichenError {
  const message = container === undefined ? `lstat ${path}: no such file or directory` : `Could not find the file ${path} in container ${container.record.name}`
  return new LichenError(message, { code: 'FILE_NOT_FOUND', exitCode: 1 })
}

/** A file system that is read-only is one of two things to the user. */
async function inWords<T>({ container }: CopyEnd, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof LichenError) || error.code !== 'READ_ONLY' || container === undefined) throw error
    const { mounts, options } = container.record
    const subject = /(\/.*?): /.exec(error.message)?.[1] ?? '/'
    const inVolume = mounts.some(({ target, readOnly }) => readOnly && (subject === target || subject.startsWith(`${target}/`)))
    if (!inVolume && !options.readOnly) throw error
    throw new LichenError(inVolume ? 'mounted volume is marked read-only' : 'container rootfs is marked read-only', {
      code: 'READ_ONLY',
      exitCode: 1,
      cause: error,
    })
  }
}
