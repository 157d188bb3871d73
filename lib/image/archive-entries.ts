import { LichenError } from '../system/errors.ts'
import { type Bytes, truncated } from './archive-bytes.ts'
import { BLOCK, parseHeader, type RawHeader, text } from './tar/header.ts'
import { type PaxRecords, parsePax, paxNumber, paxText } from './tar/pax.ts'
import { TarError } from './tar/tar-error.ts'

/** Of extended headers and long names, bytes. */
const META_LIMIT = 1024 * 1024

export interface ArchiveEntry {
  /** As it is written. */
  path: string
  type: 'file' | 'directory' | 'symlink' | 'link' | 'other'
  /** Bytes of the body, which the reader stands before. */
  size: number
  /** Of links, as it is written. */
  target: string
}

/**
 * The entries of a tar, pulled: what the caller leaves of a body is skipped, in a file without reading it. (TarReader is pushed, and
 * reads all.) Ends at the empty block behind the last entry, or where there is nothing more.
 * Throws NOT_AN_ARCHIVE, DAMAGED_ARCHIVE, TRUNCATED_ARCHIVE.
 */
export async function* archiveEntries(bytes: Bytes): AsyncGenerator<ArchiveEntry, void, void> {
  let next: { pax?: PaxRecords; path?: string; target?: string } = {}
  for (;;) {
    const at = bytes.position
    const header = await nextHeader(bytes)
    if (header === undefined) return
    let size = header.size
    if (metaTypes.has(header.type)) {
      const body = await metaBody(bytes, size)
      if (header.type === 'x') next.pax = told(at, () => parsePax(body))
      else if (header.type === 'L') next.path = utf8(text(body, 0, body.length))
      else if (header.type === 'K') next.target = utf8(text(body, 0, body.length))
      // A global header ('g'), as git writes, changes nothing: Docker ignores it.
    } else {
      const entry = told(at, () => entryOf(header, next))
      next = {}
      size = entry.size
      yield entry
    }
    await bytes.skip(at + BLOCK + Math.ceil(size / BLOCK) * BLOCK - bytes.position)
  }
}

const metaTypes: ReadonlySet<string> = new Set(['x', 'g', 'L', 'K'])
const types: Readonly<Record<string, ArchiveEntry['type']>> = { '0': 'file', '7': 'file', '5': 'directory', '2': 'symlink', '1': 'link' }

function entryOf(header: RawHeader, { pax = new Map(), path, target }: { pax?: PaxRecords; path?: string; target?: string }): ArchiveEntry {
  const type = types[header.type] ?? 'other'
  const size = paxNumber(pax, 'size') ?? header.size
  if (size < 0) throw new TarError('an entry has a negative size')
  return {
    type,
    path: path ?? utf8(paxText(pax, 'path') ?? header.name),
    target: target ?? utf8(paxText(pax, 'linkpath') ?? header.link),
    // What is no file has no body, whatever its header says.
    size: type === 'file' || !/^[1-6]$/.test(header.type) ? size : 0,
  }
}

const utf8 = (name: string) => Buffer.from(name, 'latin1').toString('utf8')

async function nextHeader(bytes: Bytes): Promise<RawHeader | undefined> {
  const at = bytes.position
  const block = await bytes.take(BLOCK)
  if (block.length === 0 && at > 0) return undefined
  if (block.length === 0) throw new LichenError('the archive is empty', { code: 'NOT_AN_ARCHIVE' })
  if (block.length === BLOCK) return told(at, () => parseHeader(block))
  throw at === 0 ? notTar() : truncated()
}

async function metaBody(bytes: Bytes, size: number): Promise<Buffer> {
  if (size > META_LIMIT) throw damaged(`an extended header has ${size} bytes`)
  const body = await bytes.take(size)
  if (body.length < size) throw truncated()
  return body
}

/** `at`: where the header of the entry is. */
function told<T>(at: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TarError)) throw error
    throw at === 0 ? notTar() : damaged(`${error.message} (at byte ${at})`)
  }
}

const notTar = () => new LichenError('it is not a tar archive', { code: 'NOT_AN_ARCHIVE' })
const damaged = (why: string) => new LichenError(`the archive is damaged: ${why}`, { code: 'DAMAGED_ARCHIVE' })
