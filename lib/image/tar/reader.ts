import { BLOCK, parseHeader, type RawHeader, text } from './header.ts'
import { type PaxRecords, parsePax, paxNumber, paxText, paxTime, type Time } from './pax.ts'
import { checkSegments, contentMap, oldSegments, paxSparse, type Segment } from './sparse.ts'
import { TarError } from './tar-error.ts'

export type TarType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo'

/** Names are bytes, whatever their encoding: one character a byte ("latin1"), as they are written. */
export interface TarEntry {
  type: TarType
  name: string
  link: string
  mode: number
  uid: number
  gid: number
  mtime: Time
  /** Of a file, with its holes; else 0. */
  size: number
  major: number
  minor: number
  xattrs: [name: string, value: Buffer][]
}

/** Called in the order of the archive. What comes for an entry adds up to its size. */
export interface TarHandlers {
  entry(entry: TarEntry): void
  /** Good until the next write(). */
  data(bytes: Buffer): void
  /** A hole. */
  zeros(count: number): void
}

/** Of an extended header or a long name, bytes; Go's limit too. */
const META_LIMIT = 1024 * 1024
const SPARSE_MAP_LIMIT = 32 * 1024 * 1024

const types: Partial<Record<string, TarType>> = {
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
}

/** What is expected next. `left` is without the padding to a block. */
type State =
  | { at: 'header' }
  | { at: 'meta'; type: string; left: number; parts: Buffer[] }
  | { at: 'old-map'; header: RawHeader; size: number; segments: Segment[] }
  | { at: 'map'; entry: TarEntry; left: number; parts: Buffer[]; length: number; enough: number }
  | { at: 'body'; left: number; segments: Segment[]; segment: number; position: number; size: number }
  | { at: 'padding'; left: number }
  | { at: 'end' }

/**
 * Reads a tar as it comes: v7, ustar, PAX, GNU (long names, sparse files). Where formats contradict each other it decides as Go's
 * archive/tar does, which is what Docker, containerd and podman read layers with: nobody shall see another layer than
 * they. Throws TarError; docs/adr/0012 says why it is written here.
 */
export class TarReader {
  readonly #handlers: TarHandlers
  readonly #block = Buffer.alloc(BLOCK)
  #blockLength = 0
  #state: State = { at: 'header' }
  #emptyBlocks = 0
  #padding = 0
  #pax: PaxRecords | undefined
  #longName: string | undefined
  #longLink: string | undefined

  constructor(handlers: TarHandlers) {
    this.#handlers = handlers
  }

  write(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    while (rest.length > 0 && this.#state.at !== 'end') {
      const state = this.#state
      if (state.at === 'header' || state.at === 'old-map') {
        const take = Math.min(BLOCK - this.#blockLength, rest.length)
        if (take === BLOCK) this.#onBlock(rest.subarray(0, BLOCK))
        else {
          rest.copy(this.#block, this.#blockLength, 0, take)
          this.#blockLength += take
          if (this.#blockLength === BLOCK) {
            this.#blockLength = 0
            this.#onBlock(this.#block)
          }
        }
        rest = rest.subarray(take)
      } else {
        const part = rest.subarray(0, Math.min(state.left, rest.length))
        rest = rest.subarray(part.length)
        state.left -= part.length
        this.#onPart(state, part)
      }
    }
  }

  /** An archive may end without its two empty blocks, but not within an entry. */
  end(): void {
    const { at } = this.#state
    if (at !== 'end' && (at !== 'header' || this.#blockLength > 0 || this.#pax !== undefined || this.#longName !== undefined))
      throw new TarError('it is cut short')
  }

  #onBlock(block: Buffer): void {
    const state = this.#state
    if (state.at === 'old-map') {
      if (!oldSegments(block, 0, 21, state.segments)) this.#begin(state.header, state)
      return
    }
    const header = parseHeader(block)
    if (header === undefined) {
      if (++this.#emptyBlocks === 2) this.#state = { at: 'end' }
      return
    }
    if (this.#emptyBlocks > 0) throw new TarError('an empty block stands between its entries')
    switch (header.type) {
      case 'x':
      case 'g':
      case 'L':
      case 'K':
        if (header.size > META_LIMIT) throw new TarError(`an extended header has ${header.size} bytes, more than the ${META_LIMIT} that are taken`)
        this.#expect(header.size, { at: 'meta', type: header.type, left: header.size, parts: [] })
        return
      case 'S': {
        const segments: Segment[] = []
        const sparse = { size: sizeOf(block), segments }
        if (oldSegments(block, 386, 4, segments)) this.#state = { at: 'old-map', header, ...sparse }
        else this.#begin(header, sparse)
        return
      }
      default:
        this.#begin(header, undefined)
    }
  }

  /** `part` is not empty, unless nothing was to come. */
  #onPart(state: Exclude<State, { at: 'header' | 'old-map' | 'end' }>, part: Buffer): void {
    switch (state.at) {
      case 'meta':
        state.parts.push(Buffer.from(part))
        if (state.left === 0) this.#onMeta(state.type, Buffer.concat(state.parts))
        break
      case 'map':
        this.#onMap(state, part)
        return
      case 'body':
        this.#onBody(state, part)
        break
      case 'padding':
        if (state.left === 0) this.#state = { at: 'header' }
        return
    }
    if (state.left === 0) this.#pad()
  }

  #pad(): void {
    this.#state = this.#padding === 0 ? { at: 'header' } : { at: 'padding', left: this.#padding }
  }

  #expect(content: number, state: Extract<State, { left: number }>): void {
    this.#padding = -content & (BLOCK - 1)
    // Sizes above 2^31 lose their upper bits in an operation on bits, but not these.
    if (content > 0x7fffffff) this.#padding = (BLOCK - (content % BLOCK)) % BLOCK
    this.#state = state
    if (content === 0) this.#onPart(state, Buffer.alloc(0))
  }

  #onMeta(type: string, body: Buffer): void {
    if (type === 'x') this.#pax = parsePax(body)
    else if (type === 'L') this.#longName = text(body, 0, body.length)
    else if (type === 'K') this.#longLink = text(body, 0, body.length)
    // A global header ('g'), as git writes, changes nothing: Docker ignores it.
    else this.#forgetMeta()
  }

  #forgetMeta(): void {
    this.#pax = undefined
    this.#longName = undefined
    this.#longLink = undefined
  }

  #begin(header: RawHeader, oldSparse: { size: number; segments: Segment[] } | undefined): void {
    const type = types[header.type]
    if (type === undefined) throw new TarError(`${JSON.stringify(header.name)} is of the unknown type ${JSON.stringify(header.type)}`)
    const pax = this.#pax ?? new Map<string, Buffer>()
    const sparse = oldSparse === undefined && type === 'file' ? paxSparse(pax) : undefined
    // Only files have content, whatever the header says.
    const content = type === 'file' ? (paxNumber(pax, 'size') ?? header.size) : 0
    if (content < 0) throw new TarError('an entry has a negative size')
    const entry: TarEntry = {
      type,
      name: sparse?.name ?? this.#longName ?? paxText(pax, 'path') ?? header.name,
      link: this.#longLink ?? paxText(pax, 'linkpath') ?? header.link,
      mode: header.mode & 0o7777,
      uid: paxNumber(pax, 'uid') ?? header.uid,
      gid: paxNumber(pax, 'gid') ?? header.gid,
      mtime: paxTime(pax, 'mtime') ?? { seconds: header.mtime, nanoseconds: 0 },
      size: oldSparse?.size ?? sparse?.size ?? content,
      major: header.major,
      minor: header.minor,
      xattrs: xattrsOf(pax),
    }
    this.#forgetMeta()
    if (sparse !== undefined && sparse.segments === undefined) {
      this.#expect(content, { at: 'map', entry, left: content, parts: [], length: 0, enough: BLOCK })
      return
    }
    this.#beginBody(entry, content, oldSparse?.segments ?? sparse?.segments)
  }

  #beginBody(entry: TarEntry, content: number, segments: Segment[] | undefined): void {
    if (segments !== undefined) checkSegments({ size: entry.size, segments }, content)
    this.#handlers.entry(entry)
    this.#expect(content, { at: 'body', left: content, segments: segments ?? [{ offset: 0, length: content }], segment: 0, position: 0, size: entry.size })
  }

  /** Format 1.0: the map is a part of the content, in whole blocks. A long one is not read again from its beginning with each piece that comes. */
  #onMap(state: Extract<State, { at: 'map' }>, part: Buffer): void {
    state.parts.push(Buffer.from(part))
    state.length += part.length
    if (state.left > 0 && state.length < state.enough) return
    const bytes = Buffer.concat(state.parts)
    const map = contentMap(bytes)
    if (map === undefined || map.length > bytes.length) {
      if (state.left === 0 || bytes.length > SPARSE_MAP_LIMIT) throw new TarError('the map of a sparse file is damaged')
      state.parts = [bytes]
      state.enough = 2 * bytes.length
      return
    }
    const { entry, left } = state
    const begun = bytes.subarray(map.length)
    this.#beginBody(entry, begun.length + left, map.segments)
    if (begun.length > 0) this.write(begun)
  }

  #onBody(state: Extract<State, { at: 'body' }>, part: Buffer): void {
    let rest = part
    while (rest.length > 0) {
      const segment = state.segments[state.segment]!
      if (segment.length === 0) {
        state.segment++
        continue
      }
      this.#hole(state, segment.offset)
      const piece = rest.subarray(0, segment.length)
      this.#handlers.data(piece)
      rest = rest.subarray(piece.length)
      state.position += piece.length
      segment.offset += piece.length
      segment.length -= piece.length
    }
    if (state.left === 0) this.#hole(state, state.size)
  }

  #hole(state: Extract<State, { at: 'body' }>, to: number): void {
    if (to > state.position) this.#handlers.zeros(to - state.position)
    state.position = to
  }
}

function sizeOf(block: Buffer): number {
  const digits = block.toString('latin1', 483, 495).trim()
  const end = digits.indexOf('\0')
  const value = Number.parseInt(end === -1 ? digits : digits.slice(0, end), 8)
  if (!Number.isSafeInteger(value) || value < 0) throw new TarError('the map of a sparse file is damaged')
  return value
}

const SCHILY = 'SCHILY.xattr.'

const xattrsOf = (pax: PaxRecords): TarEntry['xattrs'] =>
  [...pax].flatMap(([keyword, value]) => (keyword.startsWith(SCHILY) ? [[keyword.slice(SCHILY.length), value] as [string, Buffer]] : []))
