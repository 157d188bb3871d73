import { posix } from 'node:path'
import { LichenError } from '../system/errors.ts'

/** A path of `cp`: cleaned, and what its end says. */
export interface CopyPath {
  /** Absolute, without a slash at its end. */
  path: string
  /** It ends with `/` or `/.`: only a directory fits, and a link at its end is followed. */
  directory: boolean
  /** It ends with `/.`: what is in the directory, not itself. */
  contents: boolean
}

/** Relative paths begin at `base`, absolute and clean. */
export function copyPath(text: string, base: string): CopyPath {
  const path = posix.resolve(base, text)
  const contents = text === '.' || text.endsWith('/.') || path === '/'
  return { path, directory: contents || text.endsWith('/'), contents }
}

/** What a source and a target are: undefined, nothing is there. */
export type CopyKind = 'directory' | 'other' | undefined

export interface CopyStep {
  /** The directory that is unpacked into. */
  into: string
  /** What the source is called in there; "": its entries go there without it. */
  name: string
}

/** The table of `docker cp`. Throws COPY_REFUSED in Docker's words. The target's own directory is there. */
export function decideCopy(source: CopyPath & { kind: Exclude<CopyKind, undefined> }, target: CopyPath & { kind: CopyKind }): CopyStep {
  const [into, name] = [posix.dirname(target.path), posix.basename(target.path)]
  if (source.directory && source.kind !== 'directory') throw refused(`${source.path}: not a directory`)
  if (target.kind === 'directory') return { into: target.path, name: source.contents ? '' : posix.basename(source.path) }
  if (target.directory && target.kind !== undefined) throw refused(`${target.path}: not a directory`)
  if (source.kind === 'directory') {
    if (target.kind !== undefined) throw refused(`cannot copy directory ${source.path} to file ${target.path}`)
    return { into, name }
  }
  if (target.kind === undefined && target.directory) throw refused(`${target.path}: no such directory`, 'the destination directory must exist')
  return { into, name }
}

export const refused = (message: string, hint?: string) =>
  new LichenError(message, { code: 'COPY_REFUSED', exitCode: 1, ...(hint === undefined ? {} : { hint }) })
