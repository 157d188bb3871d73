import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { posix } from 'node:path'
import { checkCanceled, untilCanceled } from '../build/canceled.ts'
import { changed, readContextFile } from '../build/context-content.ts'
import { type BuildContext, type ContextSource, findSources } from '../build/context-files.ts'
import { globMatcher, hasWildcard } from '../build/dockerfile/glob.ts'
import { IgnorePatterns } from '../build/dockerfile/ignore.ts'
import { changeMode, type ModeWish } from '../build/dockerfile/mode.ts'
import type { CopyWork } from '../build/work.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import { ApplyRecords } from '../image/apply-records.ts'
import { peekCompression } from '../image/compression.ts'
import { decompressAny } from '../image/decompress-any.ts'
import { type PackedEntry, readEntries } from '../image/entry-records.ts'
import { parseHeader } from '../image/tar/header.ts'
import { unpackTar } from '../image/unpack-tar.ts'
import { packFiles, statFiles, unpackFiles, type ViewInput } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { BuildSession } from './build-container.ts'
import { layerUpon, withLayerFiles } from './build-files.ts'
import { ownerIn } from './build-owner.ts'

export interface CopyStep {
  context: Context
  session: BuildSession
  layers: string[]
  work: CopyWork
  /** Of the context, and from addresses: found and digested before. */
  sources: ContextSource[]
  /** `--from`: layers of the stage or image. */
  from: string[] | undefined
  latest: number | undefined
}

/** What the sources of a COPY from the context are, for the step and for its key; those from an address are somebody else's to find. */
export function contextSources(files: BuildContext, work: CopyWork, isRemote: (source: string) => boolean = () => false): ContextSource[] {
  const exclude = new IgnorePatterns(work.exclude)
  return work.sources.flatMap((source) =>
    typeof source === 'string' && !isRemote(source) ? findSources(files, source, exclude).map((found) => ({ ...found, skip: namesToSkip(source) })) : [],
  )
}

/** Names before the `/./` of a source of `COPY --parents`. */
const namesToSkip = (source: string): number => {
  const pivot = source.indexOf('/./')
  return pivot === -1
    ? 0
    : posix
        .resolve('/', source.slice(0, pivot))
        .split('/')
        .filter((name) => name !== '').length
}

const withoutNames = (path: string, count: number): string => path.split('/').slice(count).join('/')

/** Copies into a container upon the layers; what has changed is the new layer. Throws NOT_IN_CONTEXT, CANNOT_OVERWRITE, what explainFailure says. */
export async function copyStep(step: CopyStep): Promise<BuiltLayer> {
  const { from } = step
  return layerUpon(step, step.latest, async (target) => {
    const owner = await ownerIn(target, step.work.chown)
    if (from === undefined) await copyContext(step, target, owner)
    else await copyLayers(step, from, target, owner)
  })
}

/** Undefined: as it comes. */
export interface Owner {
  uid: number
  gid: number
}

interface Target {
  /** Absolute; a directory, or where a single file goes to. */
  path: string
  directory: boolean
}

async function findTarget(target: ViewInput, { add, sources, destination, intoDirectory }: CopyWork, directories: boolean): Promise<Target> {
  const [found] = await statFiles({ ...target, paths: [destination], follow: true })
  const directory = intoDirectory || directories || found?.type === 'directory'
  if (directory || sources.length === 1) return { path: destination, directory }
  // BuildKit would write one over the other.
  throw new LichenError(`When using ${add ? 'ADD' : 'COPY'} with more than one source file, the destination must be a directory and end with a /`, {
    code: 'CANNOT_OVERWRITE',
    exitCode: 1,
    hint: `${destination}/`,
  })
}

const root: Owner = { uid: 0, gid: 0 }
/** One character a byte, as records have it; relative. */
const recordPath = (path: string) => Buffer.from(path.replace(/^\/+/, '')).toString('latin1')

interface Planned {
  path: string
  source: { file: ContextSource['files'][number]; root: string } | { content: Buffer } | 'directory'
}

async function copyContext({ session: { signal }, work, sources }: CopyStep, target: ViewInput, owner: Owner | undefined): Promise<void> {
  const archives = work.add ? await archivesAmong(sources, work.unpack) : new Set<ContextSource>()
  const to = await findTarget(
    target,
    work,
    sources.some((source) => source.directory || archives.has(source)),
  )
  const planned: Planned[] = []
  for (const part of work.sources) {
    if (typeof part === 'string') continue
    planned.push({ path: to.directory ? posix.join(to.path, part.name) : to.path, source: { content: Buffer.from(part.content) } })
  }
  for (const source of sources) {
    if (archives.has(source)) continue
    for (const file of source.files) {
      const below = work.parents ? withoutNames(file.path, source.skip ?? 0) : source.directory ? file.below : to.directory ? source.name : ''
      planned.push({ path: posix.join(to.path, below), source: { file, root: source.root } })
    }
  }
  await write(target, await withWay(target, to, planned), { signal, mode: work.mode, owner: owner ?? root })
  for (const source of archives) {
    const bytes = untilCanceled(signal, createReadStream(`${source.root}/${source.files[0]!.path}`))
    await unpackTar(bytes, unpackFiles({ ...target, directory: to.path, owners: true, confined: false, archive: true }))
  }
}

/** The directories that are missing on the way come first; those that are there stay as they are. */
export async function withWay(target: ViewInput, to: Target, planned: Planned[]): Promise<Planned[]> {
  const wanted = new Map<string, Planned>()
  const way = (path: string) => {
    const parts = path.split('/').filter((part) => part !== '')
    for (let at = 1; at <= parts.length; at++) {
      const ancestor = `/${parts.slice(0, at).join('/')}`
      if (!wanted.has(ancestor)) wanted.set(ancestor, { path: ancestor, source: 'directory' })
    }
  }
  const isDirectory = ({ source }: Planned) => source === 'directory' || ('file' in source && source.file.type === 'directory')
  way(to.directory ? to.path : posix.dirname(to.path))
  for (const one of planned) if (!isDirectory(one)) way(posix.dirname(one.path))
  for (const one of planned) if (isDirectory(one)) wanted.set(one.path, one)
  const directories = [...wanted.values()].filter(({ path }) => path !== '/').sort((a, b) => (a.path < b.path ? -1 : 1))
  const found = directories.length === 0 ? [] : await statFiles({ ...target, paths: directories.map(({ path }) => path), follow: true })
  // A link that leads nowhere yet leads somewhere inside: what it leads to is made by the way.
  const missing = directories.filter((_, at) => !['directory', 'symlink'].includes(found[at]?.type ?? ''))
  return [...missing, ...planned.filter((one) => !isDirectory(one))]
}

interface Writing {
  signal: AbortSignal
  mode: ModeWish | undefined
  owner: Owner
  /** Seconds since 1970, of what has no time of its own; else now. */
  seconds?: number | undefined
}

/** Nothing else may have the files mounted meanwhile: a second mount of an overlay takes the work directory away from the first. */
export async function write(
  target: ViewInput,
  planned: readonly Planned[],
  { signal, mode, owner, seconds = Math.floor(Date.now() / 1000) }: Writing,
): Promise<void> {
  if (planned.length === 0) return
  const made = { seconds, nanoseconds: 0 }
  const records = new ApplyRecords(unpackFiles({ ...target, directory: '/', owners: true, confined: false }))
  const bare = { link: '', ...owner, size: 0, major: 0, minor: 0 }
  const modeOf = (before: number, directory: boolean) => (mode === undefined ? before : changeMode(mode, before, directory))
  try {
    for (const { path: full, source } of planned) {
      checkCanceled(signal)
      const path = recordPath(full)
      if (source === 'directory') records.entry({ ...bare, type: 'directory', path, mode: 0o755, mtime: made })
      else if ('content' in source) {
        records.entry({ ...bare, type: 'file', path, mode: modeOf(0o644, false), mtime: made, size: source.content.length })
        records.data(source.content)
        records.endContent()
      } else {
        const { file, root } = source
        const entry = { ...bare, type: file.type, path, mode: modeOf(file.mode, file.type === 'directory'), mtime: file.mtime, size: file.size }
        if (file.type === 'symlink') records.entry({ ...entry, link: Buffer.from(file.link).toString('latin1') })
        else records.entry(entry)
        if (file.type === 'file') await content(records, root, file, signal)
      }
      await records.flush()
    }
    records.end()
    await records.flush(true)
    await records.finish()
  } finally {
    await records.abandon()
  }
}

/** What was digested is what is written: else the cache would tell lies for ever. */
async function content(records: ApplyRecords, contextRoot: string, file: ContextSource['files'][number], signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256')
  let size = 0
  await readContextFile(contextRoot, file, (part) => {
    checkCanceled(signal)
    size += part.length
    if (size > file.size) throw changed(file.path)
    hash.update(part)
    records.data(part)
    return part.length < file.size ? records.flush(true) : undefined
  })
  if (size !== file.size || hash.digest('hex') !== file.digest) throw changed(file.path)
  records.endContent()
}

/** ADD unpacks what is a tar, compressed or not, whatever it is called; what comes from an address only where that was said. */
async function archivesAmong(sources: readonly ContextSource[], unpack: boolean | undefined): Promise<Set<ContextSource>> {
  const found = new Set<ContextSource>()
  for (const source of sources) {
    if (!(unpack ?? source.remote === undefined)) continue
    const file = source.files[0]
    if (!source.directory && file?.type === 'file' && file.size > 0 && (await isArchive(`${source.root}/${file.path}`))) found.add(source)
  }
  return found
}

async function isArchive(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { bytes } = await peekCompression(file.createReadStream({ autoClose: false }))
    let head = Buffer.alloc(0)
    for await (const part of decompressAny(bytes)) {
      head = Buffer.concat([head, part])
      if (head.length >= 512) break
    }
    if (head.length < 512) return false
    return parseHeader(head.subarray(0, 512)) !== undefined
  } catch {
    return false
  } finally {
    await file.close()
  }
}

async function copyLayers(step: CopyStep, from: string[], target: ViewInput, owner: Owner | undefined): Promise<void> {
  const { context, session, work } = step
  await withLayerFiles({ context, session, layers: from }, async (files) => {
    for (const path of work.sources) if (typeof path === 'string') await copyTree(step, files, path, target, owner)
  })
}

async function copyTree(
  { session: { signal }, work }: CopyStep,
  files: ViewInput,
  written: string,
  target: ViewInput,
  owner: Owner | undefined,
): Promise<void> {
  const path = posix.resolve('/', written)
  const parts = path.split('/').filter((part) => part !== '')
  const literal = parts.findIndex(hasWildcard)
  const top = literal === -1 ? path : `/${parts.slice(0, literal).join('/')}`
  const matchers = literal === -1 ? [] : parts.slice(literal).map(globMatcher)
  const [found] = await statFiles({ ...files, paths: [top], follow: true })
  if (found === undefined) throw notThere(written)
  const to = await findTarget(target, work, matchers.length === 0 && found.type === 'directory')
  await write(target, await withWay(target, to, []), { signal, mode: undefined, owner: owner ?? root })
  const exclude = new IgnorePatterns(work.exclude)
  const skip = namesToSkip(written)
  const place = (entry: string): string | undefined => {
    const names = entry === '' ? [] : entry.split('/')
    if (names.length < matchers.length || !matchers.every((fits, at) => fits(names[at]!))) return undefined
    const rest = names.slice(matchers.length).join('/')
    if (exclude.ignores(rest === '' ? (names.at(-1) ?? posix.basename(top)) : rest)) return undefined
    if (work.parents) return posix.join(to.path, withoutNames(posix.join(top.slice(1), entry), skip))
    return posix.join(to.path, rest)
  }
  await pipe({ signal, files, top, target, to, place, mode: work.mode, owner, name: (entry) => posix.basename(entry === '' ? top : entry) })
}

const notThere = (path: string) => new LichenError(`${JSON.stringify(path)}: not found`, { code: 'NOT_IN_CONTEXT', exitCode: 1 })

interface Piping {
  signal: AbortSignal
  files: ViewInput
  top: string
  target: ViewInput
  to: Target
  place(entry: string): string | undefined
  name(entry: string): string
  mode: ModeWish | undefined
  owner: Owner | undefined
}

/** From runtime to runtime, with other names, owners and modes. */
async function pipe({ signal, files, top, target, to, place, name, mode, owner }: Piping): Promise<void> {
  const records = new ApplyRecords(unpackFiles({ ...target, directory: '/', owners: true, confined: false }))
  const packed = packFiles({ ...files, path: top, name: '', follow: true })
  let current: { left: number; segments: PackedEntry['segments']; at: number } | undefined
  const utf8 = (path: string) => Buffer.from(path, 'latin1').toString('utf8')
  const targetOf = (entry: string): string | undefined => {
    const path = place(utf8(entry))
    if (path === undefined) return undefined
    return path === to.path && to.directory ? posix.join(to.path, name(utf8(entry))) : path
  }
  const finish = () => {
    if (current === undefined) return
    if (current.left > 0) records.zeros(current.left)
    records.endContent()
    current = undefined
  }
  try {
    let writing = false
    for await (const item of readEntries(untilCanceled(signal, packed))) {
      if ('change' in item) continue
      if ('data' in item) {
        if (writing) await put(records, current!, item.data)
        continue
      }
      finish()
      const { entry } = item
      const directory = entry.type === 'directory'
      const placed = place(utf8(entry.path))
      // The destination itself is there already.
      const path = placed === undefined || (directory && placed === to.path) ? undefined : directory ? placed : targetOf(entry.path)
      writing = path !== undefined && entry.type === 'file'
      if (path === undefined || entry.type === 'whiteout' || entry.type === 'opaque') continue
      const link = entry.type === 'hardlink' ? targetOf(entry.link) : entry.link
      // What it was linked to has been left out.
      if (link === undefined) throw new LichenError(`${utf8(entry.path)} is a link to a file that is excluded`, { code: 'UNSUPPORTED_BUILD', exitCode: 1 })
      if (entry.type !== 'hardlink') for (const [attribute, value] of entry.xattrs) records.xattr(attribute, value)
      records.entry({
        ...entry,
        type: entry.type,
        path: recordPath(path),
        link: entry.type === 'hardlink' ? recordPath(link) : link,
        ...(owner ?? {}),
        mode: mode === undefined ? entry.mode : changeMode(mode, entry.mode, directory),
      })
      if (writing) current = { left: entry.size, segments: entry.segments, at: 0 }
      await records.flush()
    }
    finish()
    records.end()
    await records.flush(true)
    await records.finish()
  } finally {
    await records.abandon()
  }
}

/** Holes of a file with holes are written out as zeros, which the runtime makes holes again. */
async function put(records: ApplyRecords, current: { left: number; segments: PackedEntry['segments']; at: number }, data: Buffer): Promise<void> {
  let rest = data
  while (rest.length > 0) {
    const segment = current.segments?.find(({ offset, length }) => current.at < offset + length)
    if (segment !== undefined && current.at < segment.offset) {
      records.zeros(segment.offset - current.at)
      current.left -= segment.offset - current.at
      current.at = segment.offset
    }
    const count = segment === undefined ? rest.length : Math.min(rest.length, segment.offset + segment.length - current.at)
    records.data(rest.subarray(0, count))
    current.at += count
    current.left -= count
    rest = rest.subarray(count)
  }
  // The bytes are good until the next piece is asked for.
  await records.flush(true)
}
