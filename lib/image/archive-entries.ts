import { Header, Pax } from 'tar'
import { LichenError } from '../system/errors.ts'
import { type Bytes, truncated } from './archive-bytes.ts'

const BLOCK = 512
/** Of extended headers and long names, bytes. */
const META_LIMIT = 1024 * 1024

export interface TarEntry {
  /** As it is written. */
  path: string
  type: 'file' | 'directory' | 'symlink' | 'link' | 'other'
  /** Bytes of the body, which the reader stands before. */
  size: number
  /** Of links, as it is written. */
  target: string
}

/**
 * The entries of a tar. What the caller leaves of a body is skipped. Ends at the empty block behind the last entry, or where there
 * is nothing more. Throws NOT_AN_ARCHIVE, DAMAGED_ARCHIVE, TRUNCATED_ARCHIVE.
 */
export async function* tarEntries(bytes: Bytes): AsyncGenerator<TarEntry, void, void> {
  let next: { extended?: Pax; path?: string; target?: string } = {}
  let globally: Pax | undefined
  for (;;) {
    const header = await nextHeader(bytes, next.extended, globally)
    if (header === undefined) return
    // As Go's reader: what is no file has no body, whatever its header says.
    const size = headerOnly.has(header.typeKey) ? 0 : (header.size ?? 0)
    const after = bytes.position + Math.ceil(size / BLOCK) * BLOCK
    switch (header.type) {
      case 'ExtendedHeader':
      case 'OldExtendedHeader':
        next.extended = Pax.parse(await metaText(bytes, size), next.extended)
        break
      case 'GlobalExtendedHeader':
        globally = Pax.parse(await metaText(bytes, size), globally, true)
        break
      case 'NextFileHasLongPath':
      case 'OldGnuLongPath':
        next.path = (await metaText(bytes, size)).replace(/\0.*$/s, '')
        break
      case 'NextFileHasLongLinkpath':
        next.target = (await metaText(bytes, size)).replace(/\0.*$/s, '')
        break
      default:
        yield { path: next.path ?? header.path ?? '', type: types[header.type] ?? 'other', size, target: next.target ?? header.linkpath ?? '' }
        next = {}
    }
    await bytes.skip(after - bytes.position)
  }
}

const types: Readonly<Record<string, TarEntry['type']>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  SymbolicLink: 'symlink',
  Link: 'link',
}

const headerOnly: ReadonlySet<string> = new Set(['1', '2', '3', '4', '5', '6'])

async function nextHeader(bytes: Bytes, extended: Pax | undefined, globally: Pax | undefined): Promise<Header | undefined> {
  const at = bytes.position
  const block = await bytes.take(BLOCK)
  if (block.length === 0 && at > 0) return undefined
  const header = block.length === BLOCK ? new Header(block, 0, extended, globally) : undefined
  if (header?.nullBlock) return undefined
  if (header?.cksumValid && header.size !== undefined) return header
  if (at === 0) throw new LichenError(block.length === 0 ? 'the archive is empty' : 'it is not a tar archive', { code: 'NOT_AN_ARCHIVE' })
  if (header === undefined) throw truncated()
  throw new LichenError(`the archive is damaged: no header of an entry is at byte ${at}`, { code: 'DAMAGED_ARCHIVE' })
}

async function metaText(bytes: Bytes, size: number): Promise<string> {
  if (size > META_LIMIT) throw new LichenError(`the archive is damaged: an entry has a header of ${size} bytes`, { code: 'DAMAGED_ARCHIVE' })
  const text = await bytes.take(size)
  if (text.length < size) throw truncated()
  return text.toString('utf8')
}
