import { number } from './header.ts'
import { type PaxRecords, paxNumber, paxText } from './pax.ts'
import { TarError } from './tar-error.ts'

/** A piece of a file that is in the archive; what lies between is zeros. */
export interface Segment {
  offset: number
  length: number
}

export interface SparseFile {
  /** With its holes. */
  size: number
  segments: Segment[]
}

const SEGMENT_LIMIT = 1_000_000

/** What a PAX header says of a sparse file. */
export interface PaxSparse {
  name: string | undefined
  size: number | undefined
  /** Undefined: the map stands before the content (format 1.0). */
  segments: Segment[] | undefined
}

/** Undefined where the file is not sparse. Formats 0.0, 0.1 and 1.0 of GNU tar. */
export function paxSparse(records: PaxRecords): PaxSparse | undefined {
  const version = [paxText(records, 'GNU.sparse.major'), paxText(records, 'GNU.sparse.minor')].join('.')
  const map = paxText(records, 'GNU.sparse.map')
  const inContent = version === '1.0'
  if (!inContent && version !== '0.0' && version !== '0.1' && !(version === '.' && map !== undefined)) return undefined
  return {
    name: paxText(records, 'GNU.sparse.name'),
    size: paxNumber(records, 'GNU.sparse.size') ?? paxNumber(records, 'GNU.sparse.realsize'),
    segments: inContent ? undefined : pairs((map ?? '').split(',').filter((word) => word !== '')),
  }
}

/** The map that stands before the content in format 1.0, as far as `bytes` go; undefined: there is more of it. */
export function contentMap(bytes: Buffer): { segments: Segment[]; length: number } | undefined {
  const numbers: string[] = []
  let wanted = 1
  let at = 0
  while (numbers.length < wanted) {
    const end = bytes.indexOf(0x0a, at)
    if (end === -1) return undefined
    numbers.push(bytes.toString('latin1', at, end))
    at = end + 1
    if (numbers.length === 1) wanted = 1 + 2 * count(numbers[0]!)
  }
  return { segments: pairs(numbers.slice(1)), length: Math.ceil(at / 512) * 512 }
}

function count(text: string): number {
  const value = digits(text)
  if (value > SEGMENT_LIMIT) throw damaged()
  return value
}

/** The map of the old GNU format: pairs of 12-byte fields up to an empty one. True: another block of them follows. */
export function oldSegments(block: Buffer, at: number, room: number, into: Segment[]): boolean {
  for (let i = 0; i < room; i++) {
    const from = at + 24 * i
    if (block[from] === 0) break
    into.push({ offset: number(block, from, 12), length: number(block, from + 12, 12) })
    if (into.length > SEGMENT_LIMIT) throw damaged()
  }
  return block[at + 24 * room] !== 0
}

function pairs(words: string[]): Segment[] {
  if (words.length % 2 !== 0 || words.length > 2 * SEGMENT_LIMIT) throw damaged()
  return Array.from({ length: words.length / 2 }, (_, i) => ({ offset: digits(words[2 * i]!), length: digits(words[2 * i + 1]!) }))
}

function digits(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw damaged()
  return Number(text)
}

/** In order, within the file, and exactly as much as there is. */
export function checkSegments({ size, segments }: SparseFile, content: number): void {
  let end = 0
  let sum = 0
  for (const { offset, length } of segments) {
    if (offset < end || length < 0 || offset + length > size) throw damaged()
    end = offset + length
    sum += length
  }
  if (sum !== content) throw damaged()
}

const damaged = () => new TarError('the map of a sparse file is damaged')
