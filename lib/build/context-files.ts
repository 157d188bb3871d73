import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { posix } from 'node:path'
import { LichenError } from '../system/errors.ts'
import { globMatcher, hasWildcard } from './dockerfile/glob.ts'
import type { IgnorePatterns } from './dockerfile/ignore.ts'

/** A file of the context that COPY takes. */
export interface ContextFile {
  /** In the context, links on the way resolved. */
  path: string
  /** Below the destination; "": it is the source itself. */
  below: string
  type: 'file' | 'directory' | 'symlink'
  mode: number
  mtime: { seconds: number; nanoseconds: number }
  size: number
  link: string
  /** Which file it is, and as of when: where this is the same the content is. */
  stamp: string
  /** Of a file: sha256 of its content, once digested. */
  digest: string
}

export interface ContextSource {
  /** What the paths of its files are in, absolute. */
  root: string
  /** From an address: an archive stays what it is. */
  remote?: true
  /** Last name of its path. */
  name: string
  directory: boolean
  /** Of its path, how many names `COPY --parents` leaves away: those before a `/./`. */
  skip?: number
  files: ContextFile[]
}

export interface BuildContext {
  /** Absolute. */
  root: string
  ignore: IgnorePatterns
}

const LINKS_MAX = 40

/**
 * What a source of COPY means: one path, or those that a pattern fits, which may be none. Nothing outside of the context is ever looked at: links lead as if
 * the context were /. Throws NOT_IN_CONTEXT, OUTSIDE_CONTEXT.
 */
export function findSources(context: BuildContext, source: string, exclude: IgnorePatterns): ContextSource[] {
  const wanted = source.replace(/^\/+/, '')
  if (posix.normalize(wanted).split('/')[0] === '..') {
    throw new LichenError(`forbidden path outside the build context: ${source}`, {
      code: 'OUTSIDE_CONTEXT',
      exitCode: 1,
      hint: 'only what is below the context can be copied: move it there, or give a folder further up as context',
    })
  }
  const path = posix.normalize(wanted === '' ? '.' : wanted).replace(/\/$/, '')
  const paths = hasWildcard(path) ? glob(context, path) : [path === '.' ? '' : path]
  const found = paths.flatMap((candidate) => {
    const one = sourceAt(context, candidate, exclude)
    return one === undefined ? [] : [one]
  })
  if (found.length > 0) return found
  // As BuildKit: a pattern may fit nothing, as long as there is where it looks.
  if (hasWildcard(path) && resolveInside(context.root, literalPart(path)) !== undefined) return []
  const hidden = !hasWildcard(path) && exists(context.root, path) && context.ignore.ignores(path)
  throw notInContext(source, hidden ? 'it is there, and .dockerignore leaves it out' : `the context is ${context.root}`)
}

export const notInContext = (path: string, hint?: string) =>
  new LichenError(`${JSON.stringify(path)} not found in the build context`, { code: 'NOT_IN_CONTEXT', exitCode: 1, ...(hint === undefined ? {} : { hint }) })

function literalPart(pattern: string): string {
  const parts = pattern.split('/')
  return parts.slice(0, parts.findIndex(hasWildcard)).join('/')
}

function sourceAt(context: BuildContext, path: string, exclude: IgnorePatterns): ContextSource | undefined {
  const real = resolveInside(context.root, path)
  if (real === undefined) return undefined
  if (real !== '' && context.ignore.ignores(real) && !isDirectory(context.root, real)) return undefined
  const top = fileAt(context.root, real, '')
  if (top === undefined) return undefined
  const name = posix.basename(path)
  if (top.type !== 'directory') return { root: context.root, name, directory: false, files: exclude.ignores(name) ? [] : [top] }
  const files: ContextFile[] = []
  walk(context, exclude, real, '', files)
  if (files.length === 0 && real !== '' && context.ignore.ignores(real)) return undefined
  return { root: context.root, name, directory: true, files: [top, ...files] }
}

/** A folder that is left out comes along where something below it comes back. */
function walk(context: BuildContext, exclude: IgnorePatterns, path: string, below: string, files: ContextFile[]): void {
  for (const name of readdirSync(`${context.root}/${path}`).sort()) {
    const [inside, under] = [path === '' ? name : `${path}/${name}`, below === '' ? name : `${below}/${name}`]
    const ignored = context.ignore.ignores(inside) || exclude.ignores(under)
    const file = fileAt(context.root, inside, under)
    if (file === undefined) continue
    if (file.type !== 'directory') {
      if (!ignored) files.push(file)
      continue
    }
    if (context.ignore.hidesAllBelow(inside) || exclude.hidesAllBelow(under)) continue
    const before = files.length
    if (!ignored) files.push(file)
    walk(context, exclude, inside, under, files)
    if (ignored && files.length > before) files.splice(before, 0, file)
  }
}

function fileAt(root: string, path: string, below: string): ContextFile | undefined {
  const full = path === '' ? root : `${root}/${path}`
  const status = lstatSync(full, { bigint: true, throwIfNoEntry: false })
  if (status === undefined) return undefined
  const type = status.isFile() ? 'file' : status.isDirectory() ? 'directory' : status.isSymbolicLink() ? 'symlink' : undefined
  // Sockets, devices: nothing that an image could have.
  if (type === undefined) return undefined
  return {
    path,
    below,
    type,
    mode: Number(status.mode & 0o7777n),
    mtime: { seconds: Number(status.mtimeNs / 1_000_000_000n), nanoseconds: 0 },
    size: type === 'file' ? Number(status.size) : 0,
    link: type === 'symlink' ? readlinkSync(full) : '',
    stamp: stampOf(status),
    digest: '',
  }
}

const stampOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`

const exists = (root: string, path: string) => lstatSync(`${root}/${path}`, { throwIfNoEntry: false }) !== undefined
const isDirectory = (root: string, path: string) => lstatSync(`${root}/${path}`, { throwIfNoEntry: false })?.isDirectory() === true

/** The path without links, as if the context were /; undefined where nothing is there. */
export function resolveInside(root: string, path: string): string | undefined {
  const rest = path.split('/').filter((name) => name !== '' && name !== '.')
  const done: string[] = []
  for (let links = 0; rest.length > 0; ) {
    const name = rest.shift()!
    if (name === '..') {
      done.pop()
      continue
    }
    const at = [...done, name].join('/')
    const status = lstatSync(`${root}/${at}`, { throwIfNoEntry: false })
    if (status === undefined) return undefined
    if (!status.isSymbolicLink()) {
      done.push(name)
      continue
    }
    if (++links > LINKS_MAX) throw new LichenError(`${path}: too many levels of symbolic links`, { code: 'NOT_IN_CONTEXT', exitCode: 1 })
    const link = readlinkSync(`${root}/${at}`)
    if (link.startsWith('/')) done.length = 0
    rest.unshift(...link.split('/').filter((part) => part !== '' && part !== '.'))
  }
  return done.join('/')
}

/** Component by component; what begins with a dot is matched as all else. */
function glob({ root, ignore }: BuildContext, pattern: string): string[] {
  let paths = ['']
  for (const component of pattern.split('/')) {
    const fits = globMatcher(component)
    paths = paths.flatMap((path) => {
      if (!hasWildcard(component))
        return exists(root, path === '' ? component : `${path}/${component}`) ? [path === '' ? component : `${path}/${component}`] : []
      const real = resolveInside(root, path)
      if (real === undefined || (real !== '' && !isDirectory(root, real))) return []
      return readdirSync(`${root}/${real}`)
        .sort()
        .filter(fits)
        .map((name) => (path === '' ? name : `${path}/${name}`))
    })
  }
  return paths.filter((path) => !ignore.hidesAllBelow(path))
}
