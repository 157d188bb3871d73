import { BLOCK } from './header.ts'
import type { TarEntry, TarType } from './reader.ts'
import type { Segment } from './sparse.ts'

/** An entry as it is to be written; `segments`: the pieces of a file that has holes. */
export interface WrittenEntry extends TarEntry {
  segments?: readonly Segment[] | undefined
}

const typeFlags: Readonly<Record<TarType, string>> = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', directory: '5', fifo: '6' }

/** What the fields of a ustar header have room for. */
const ID_MAX = 0o7777777
const SIZE_MAX = 0o77777777777

/** Bytes of content that follow the header: of a file with holes its pieces alone. */
export const contentSize = ({ type, size, segments }: WrittenEntry): number =>
  type !== 'file' ? 0 : segments === undefined ? size : segments.reduce((sum, { length }) => sum + length, 0)

/**
 * All that stands before the content of an entry: an extended header where ustar has no room for what it is, the header, the map of
 * a file with holes (GNU's format 1.0). The same bytes for the same entry. Times are those of the second, as in Docker's layers.
 */
export function tarHeader(entry: WrittenEntry): Buffer {
  const records: [string, Buffer][] = []
  const text = (keyword: string, value: string | number) => void records.push([keyword, Buffer.from(String(value), 'latin1')])
  const map = entry.segments === undefined ? undefined : sparseMap(entry.segments)
  const size = contentSize(entry) + (map?.length ?? 0)
  if (map !== undefined) {
    text('GNU.sparse.major', 1)
    text('GNU.sparse.minor', 0)
    text('GNU.sparse.name', entry.name)
    text('GNU.sparse.realsize', entry.size)
  }
  // Who knows nothing of holes unpacks it under a name of which he sees what it is.
  const name = map === undefined ? entry.name : sparseName(entry.name)
  const split = splitName(name)
  if (split === undefined) text('path', name)
  if (!isPlain(entry.link, 100)) text('linkpath', entry.link)
  if (entry.uid > ID_MAX) text('uid', entry.uid)
  if (entry.gid > ID_MAX) text('gid', entry.gid)
  if (size > SIZE_MAX) text('size', size)
  const { seconds } = entry.mtime
  if (seconds < 0 || seconds > SIZE_MAX) text('mtime', seconds)
  for (const [attribute, value] of entry.xattrs) records.push([`SCHILY.xattr.${attribute}`, value])
  const [prefix, rest] = split ?? ['', ascii(name.slice(0, 100))]
  const header = ustar(entry, { name: rest, prefix, type: typeFlags[entry.type], size })
  return Buffer.concat([...extended(records), header, ...(map === undefined ? [] : [map])])
}

function extended(records: readonly [string, Buffer][]): Buffer[] {
  if (records.length === 0) return []
  const body = Buffer.concat(records.map(paxRecord))
  const bare = { mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 }, link: '', major: 0, minor: 0 }
  return [ustar(bare, { name: 'PaxHeaders.0/entry', prefix: '', type: 'x', size: body.length }), body, padding(body.length)]
}

/** "LENGTH KEYWORD=VALUE\n", where the length counts itself. */
function paxRecord([keyword, value]: [string, Buffer]): Buffer {
  const rest = keyword.length + value.length + 3
  let length = rest + String(rest).length
  if (String(length).length !== String(rest).length) length = rest + String(length).length
  return Buffer.concat([Buffer.from(`${length} ${keyword}=`, 'latin1'), value, Buffer.from('\n')])
}

type Facts = Pick<WrittenEntry, 'mode' | 'uid' | 'gid' | 'mtime' | 'link' | 'major' | 'minor'>

function ustar(entry: Facts, { name, prefix, type, size }: { name: string; prefix: string; type: string; size: number }): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (at: number, width: number, value: number) => void block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1')
  const within = (value: number, most: number) => (value < 0 || value > most ? 0 : value)
  block.write(name, 0, 'latin1')
  octal(100, 8, entry.mode & 0o7777)
  octal(108, 8, within(entry.uid, ID_MAX))
  octal(116, 8, within(entry.gid, ID_MAX))
  octal(124, 12, within(size, SIZE_MAX))
  octal(136, 12, within(entry.mtime.seconds, SIZE_MAX))
  block.write('        ', 148, 'latin1')
  block.write(type, 156, 'latin1')
  block.write(isPlain(entry.link, 100) ? entry.link : ascii(entry.link.slice(0, 100)), 157, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  octal(329, 8, entry.major)
  octal(337, 8, entry.minor)
  block.write(prefix, 345, 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

const isPlain = (text: string, most: number) => text.length <= most && /^[\x20-\x7e]*$/.test(text)
const ascii = (text: string) => text.replace(/[^\x20-\x7e]/g, '_')

/** Prefix and name; undefined where it does not fit. */
function splitName(name: string): [string, string] | undefined {
  if (isPlain(name, 100)) return ['', name]
  if (!isPlain(name, 256)) return undefined
  const slash = name.lastIndexOf('/', name.endsWith('/') ? name.length - 2 : undefined)
  for (let at = slash; at > 0; at = name.lastIndexOf('/', at - 1)) {
    if (at <= 155 && name.length - at - 1 <= 100) return [name.slice(0, at), name.slice(at + 1)]
    if (name.length - at - 1 > 100) return undefined
  }
  return undefined
}

function sparseName(name: string): string {
  const slash = name.lastIndexOf('/')
  return `${name.slice(0, slash + 1)}GNUSparseFile.0/${name.slice(slash + 1)}`
}

function sparseMap(segments: readonly Segment[]): Buffer {
  const numbers = Buffer.from([segments.length, ...segments.flatMap(({ offset, length }) => [offset, length])].map((number) => `${number}\n`).join(''))
  return Buffer.concat([numbers, padding(numbers.length)])
}

/** Up to the next block. */
export const padding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
