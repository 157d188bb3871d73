/** Records of native/runtime/protocol.h: u32 tag, u32 length, payload, zeros up to a multiple of 8; little-endian. */

export type Field = { u: number | bigint } | { i: number | bigint } | { s: string } | { b: Uint8Array }

export const u = (value: number | bigint): Field => ({ u: value })
export const i = (value: number | bigint): Field => ({ i: value })
export const s = (value: string): Field => ({ s: value })
export const b = (value: Uint8Array): Field => ({ b: value })

const align = (length: number, to: number) => Math.ceil(length / to) * to

/** One record. A string with a NUL in it can't be said on this wire, nor to the kernel: RangeError. */
export function encodeRecord(tag: number, fields: Field[] = []): Buffer {
  const parts: Buffer[] = []
  for (const field of fields) {
    if ('u' in field) {
      const part = Buffer.alloc(8)
      part.writeBigUInt64LE(BigInt(field.u))
      parts.push(part)
    } else if ('i' in field) {
      const part = Buffer.alloc(8)
      part.writeBigInt64LE(BigInt(field.i))
      parts.push(part)
    } else {
      const bytes = 's' in field ? Buffer.from(field.s, 'utf8') : Buffer.from(field.b)
      if ('s' in field && bytes.includes(0)) throw new RangeError(`a NUL byte in ${JSON.stringify(field.s)}`)
      const part = Buffer.alloc(align(4 + bytes.length + 1, 4))
      part.writeUInt32LE(bytes.length)
      bytes.copy(part, 4)
      parts.push(part)
    }
  }
  const payload = Buffer.concat(parts)
  const record = Buffer.alloc(8 + align(payload.length, 8))
  record.writeUInt32LE(tag, 0)
  record.writeUInt32LE(payload.length, 4)
  payload.copy(record, 8)
  return record
}

export interface WireRecord {
  tag: number
  payload: Buffer
}

/** Reads fields of a payload in order; throws RangeError where the payload is short. */
export class FieldReader {
  #payload: Buffer
  #offset = 0

  constructor(payload: Buffer) {
    this.#payload = payload
  }

  /** An unsigned number below 2^53. */
  u(): number {
    const value = this.#payload.readBigUInt64LE(this.#offset)
    this.#offset += 8
    return Number(value)
  }

  s(): string {
    const length = this.#payload.readUInt32LE(this.#offset)
    const start = this.#offset + 4
    if (start + length > this.#payload.length) throw new RangeError('a string field is longer than its record')
    this.#offset += align(4 + length + 1, 4)
    return this.#payload.toString('utf8', start, start + length)
  }
}

/** Cuts a byte stream into records: feed chunks, get the records that are complete. */
export function recordSplitter(): (chunk: Buffer) => WireRecord[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const records: WireRecord[] = []
    while (rest.length >= 8) {
      const length = rest.readUInt32LE(4)
      const end = 8 + align(length, 8)
      if (rest.length < end) break
      records.push({ tag: rest.readUInt32LE(0), payload: rest.subarray(8, 8 + length) })
      rest = rest.subarray(end)
    }
    return records
  }
}
