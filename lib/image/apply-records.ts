import { type ApplyStream, applyTag, entryType } from '../runtime/unshare.ts'

export interface ApplyEntry {
  type: keyof typeof entryType
  /** One character a byte. Relative, without "." and ".."; "" is the directory itself. */
  path: string
  link: string
  mode: number
  uid: number
  gid: number
  mtime: { seconds: number; nanoseconds: number }
  size: number
  major: number
  minor: number
}

const BUFFER_SIZE = 512 * 1024
/** Content of this size goes to the runtime as it is, not by the buffer. */
const DIRECT = 32 * 1024
const PARTS = 256
const zeroes = Buffer.alloc(256 * 1024)

/**
 * Apply records of native/runtime/protocol.h: collected here, without waiting, and handed to the runtime by flush(). `runtime/wire.ts`
 * writes the same fields, but for tens of thousands of records each buffer of their own would cost more than all else.
 */
export class ApplyRecords {
  readonly #stream: ApplyStream
  /** In order; a number stands for so many zeros. */
  #ready: (Buffer | number)[] = []
  #buffer = Buffer.allocUnsafe(BUFFER_SIZE)
  #start = 0
  #at = 0
  #padding = 0

  constructor(stream: ApplyStream) {
    this.#stream = stream
  }

  xattr(name: string, value: Buffer): void {
    this.#room(64 + name.length + value.length)
    const head = this.#begin(applyTag.XATTR)
    this.#bytes(Buffer.from(name, 'latin1'))
    this.#bytes(value)
    this.#end(head)
  }

  entry(entry: ApplyEntry): void {
    this.#room(160 + entry.path.length + entry.link.length)
    const head = this.#begin(applyTag.ENTRY)
    this.#number(entryType[entry.type])
    this.#text(entry.path)
    this.#text(entry.link)
    this.#number(entry.mode)
    this.#number(entry.uid)
    this.#number(entry.gid)
    this.#number(entry.mtime.seconds)
    this.#number(entry.mtime.nanoseconds)
    this.#number(entry.size)
    this.#number(entry.major)
    this.#number(entry.minor)
    this.#end(head)
    this.#padding = entry.type === 'file' ? (8 - (entry.size % 8)) % 8 : 0
  }

  /** Content of the last entry. `bytes` must stay as they are until the next flush(). */
  data(bytes: Buffer): void {
    if (bytes.length >= DIRECT) {
      this.#cut()
      this.#ready.push(bytes)
      return
    }
    this.#room(bytes.length)
    bytes.copy(this.#buffer, this.#at)
    this.#at += bytes.length
  }

  zeros(count: number): void {
    this.#cut()
    this.#ready.push(count)
  }

  /** After the content of a file. */
  endContent(): void {
    this.#room(8)
    this.#buffer.fill(0, this.#at, this.#at + this.#padding)
    this.#at += this.#padding
    this.#padding = 0
  }

  /** Everything was good: keep it. */
  end(): void {
    this.#room(8)
    this.#end(this.#begin(applyTag.END))
  }

  /** Hands over what has come together; without `all` only if it is worth it. */
  async flush(all = false): Promise<void> {
    if (!all && this.#ready.length === 0 && this.#at - this.#start < BUFFER_SIZE / 2) return
    this.#cut()
    const ready = this.#ready
    this.#ready = []
    const parts: Buffer[] = []
    for (const part of ready) {
      if (typeof part !== 'number') parts.push(part)
      else {
        for (let left = part; left > 0; left -= zeroes.length) {
          parts.push(left < zeroes.length ? zeroes.subarray(0, left) : zeroes)
          // A hole may be as large as a disk.
          if (parts.length >= PARTS) await this.#stream.write(parts.splice(0))
        }
      }
    }
    if (parts.length > 0) await this.#stream.write(parts)
    // Nothing refers to the buffer any more.
    this.#start = this.#at = 0
  }

  /** After the end: waits for the runtime. */
  finish(): ReturnType<ApplyStream['finish']> {
    return this.#stream.finish()
  }

  /** In any case; nothing happens where it is finished. */
  abandon(): Promise<void> {
    return this.#stream.abandon()
  }

  #cut(): void {
    if (this.#at > this.#start) this.#ready.push(this.#buffer.subarray(this.#start, this.#at))
    this.#start = this.#at
  }

  #room(size: number): void {
    if (this.#buffer.length - this.#at >= size) return
    this.#cut()
    this.#buffer = Buffer.allocUnsafe(Math.max(BUFFER_SIZE, size))
    this.#start = this.#at = 0
  }

  #begin(tag: number): number {
    const head = this.#at
    this.#buffer.writeUInt32LE(tag, head)
    this.#at += 8
    return head
  }

  #end(head: number): void {
    const length = this.#at - head - 8
    this.#buffer.writeUInt32LE(length, head + 4)
    this.#zeroTo(head + 8 + Math.ceil(length / 8) * 8)
  }

  /** Two's complement, 64 bits. */
  #number(value: number): void {
    this.#buffer.writeUInt32LE(value >>> 0, this.#at)
    this.#buffer.writeInt32LE(Math.floor(value / 0x1_0000_0000) | 0, this.#at + 4)
    this.#at += 8
  }

  #text(text: string): void {
    const from = this.#at
    this.#buffer.writeUInt32LE(text.length, from)
    this.#at += 4 + this.#buffer.write(text, from + 4, 'latin1')
    this.#zeroTo(from + Math.ceil((4 + text.length + 1) / 4) * 4)
  }

  #bytes(bytes: Buffer): void {
    const from = this.#at
    this.#buffer.writeUInt32LE(bytes.length, from)
    this.#at += 4 + bytes.copy(this.#buffer, from + 4)
    this.#zeroTo(from + Math.ceil((4 + bytes.length + 1) / 4) * 4)
  }

  #zeroTo(end: number): void {
    this.#buffer.fill(0, this.#at, end)
    this.#at = end
  }
}
