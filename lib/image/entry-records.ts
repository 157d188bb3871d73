import { applyTag, changeKind, entryType } from '../runtime/unshare.ts'
import type { TarType } from './tar/reader.ts'
import type { Segment } from './tar/sparse.ts'
import type { WrittenEntry } from './tar/write-header.ts'

export interface PackedEntry extends Omit<WrittenEntry, 'type' | 'name'> {
  type: TarType | 'whiteout' | 'opaque'
  /** One character a byte; relative; "" is the tree itself. */
  path: string
}

export interface Change {
  kind: 'added' | 'changed' | 'deleted'
  /** Relative. */
  path: string
}

export type PackedItem = { entry: PackedEntry } | { data: Buffer } | { change: Change }

const entryTypes = new Map(Object.entries(entryType).map(([name, number]) => [number as number, name as keyof typeof entryType]))
const changeKinds = new Map(Object.entries(changeKind).map(([name, number]) => [number as number, name as Change['kind']]))

/** Reads entry records of native/runtime/protocol.h: entries, and behind each file its content, which is good until the next one is asked for. */
export async function* readEntries(records: AsyncIterable<Buffer>): AsyncGenerator<PackedItem, void, void> {
  const pending = { xattrs: [] as [string, Buffer][], segments: undefined as Segment[] | undefined }
  let rest: Buffer = Buffer.alloc(0)
  let content = 0
  let padding = 0
  for await (const chunk of records) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      if (content > 0) {
        if (rest.length === 0) break
        const data = rest.subarray(0, Math.min(content, rest.length))
        content -= data.length
        rest = rest.subarray(data.length)
        yield { data }
        continue
      }
      if (padding > 0) {
        const skipped = Math.min(padding, rest.length)
        padding -= skipped
        rest = rest.subarray(skipped)
        if (padding > 0) break
      }
      if (rest.length < 8) break
      const [tag, length] = [rest.readUInt32LE(0), rest.readUInt32LE(4)]
      const end = 8 + Math.ceil(length / 8) * 8
      if (rest.length < end) break
      const fields = new Fields(rest.subarray(8, 8 + length))
      rest = rest.subarray(end)
      if (tag === applyTag.XATTR) pending.xattrs.push([fields.text(), Buffer.from(fields.bytes())])
      else if (tag === applyTag.SPARSE) pending.segments = segmentsOf(fields.bytes())
      else if (tag === applyTag.CHANGE) yield { change: { kind: changeKinds.get(fields.number())!, path: fields.text() } }
      else if (tag === applyTag.ENTRY) {
        const entry = entryOf(fields, pending.xattrs, pending.segments)
        pending.xattrs = []
        pending.segments = undefined
        content = entry.type !== 'file' ? 0 : entry.segments === undefined ? entry.size : entry.segments.reduce((sum, part) => sum + part.length, 0)
        padding = (8 - (content % 8)) % 8
        yield { entry }
      } else if (tag !== applyTag.END) throw new RangeError(`unknown entry record ${tag}`)
    }
  }
}

function entryOf(fields: Fields, xattrs: [string, Buffer][], segments: Segment[] | undefined): PackedEntry {
  const type = entryTypes.get(fields.number())!
  return {
    type,
    path: fields.text(),
    link: fields.text(),
    mode: fields.number(),
    uid: fields.number(),
    gid: fields.number(),
    mtime: { seconds: fields.number(), nanoseconds: fields.number() },
    size: fields.number(),
    major: fields.number(),
    minor: fields.number(),
    xattrs,
    segments,
  }
}

const segmentsOf = (pairs: Buffer): Segment[] =>
  Array.from({ length: pairs.length / 16 }, (_, at) => ({
    offset: Number(pairs.readBigUInt64LE(16 * at)),
    length: Number(pairs.readBigUInt64LE(16 * at + 8)),
  }))

/** As `runtime/wire.ts` reads them, but of bytes that need not be UTF-8. */
class Fields {
  readonly #payload: Buffer
  #at = 0

  constructor(payload: Buffer) {
    this.#payload = payload
  }

  number(): number {
    const value = this.#payload.readInt32LE(this.#at + 4) * 0x1_0000_0000 + this.#payload.readUInt32LE(this.#at)
    this.#at += 8
    return value
  }

  bytes(): Buffer {
    const length = this.#payload.readUInt32LE(this.#at)
    const from = this.#at + 4
    this.#at += Math.ceil((4 + length + 1) / 4) * 4
    return this.#payload.subarray(from, from + length)
  }

  text(): string {
    return this.bytes().toString('latin1')
  }
}
