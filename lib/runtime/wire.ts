/** Records of native/runtime/protocol.h: u32 tag, u32 length, payload, zeros up to a multiple of 8; little-endian. */

export type Field = { u: number | bigint } | { i: number | bigint } | { s: string } | { b: Uint8Array }

export const u = (value: number | bigint): Field => ({ u: value })
export const i = (value: number | bigint): Field => ({ i: value })
export const s = (value: string): Field => ({ s: value })
export const b = (value: Uint8Array): Field => ({ b: value })

const align = (length: number, to: number) => Math.ceil(length / to) * to

/** One record. A string with a NUL in it can't be said on this wire, nor to the kernel: RangeError. */
export function encodeRecord(tag: number, fields: Field[] = []): Buffer {
  let length = 0
  for (const field of fields) length += lengthOf(field)
  const record = Buffer.alloc(8 + align(length, 8))
  record.writeUInt32LE(tag, 0)
  record.writeUInt32LE(length, 4)
  let at = 8
  for (const field of fields) at = write(record, at, field)
  return record
}

function lengthOf(field: Field): number {
  if ('u' in field || 'i' in field) return 8
  return align(4 + ('s' in field ? Buffer.byteLength(field.s) : field.b.length) + 1, 4)
}

/** Gives where the next field begins; what is not written is zero already. */
function write(record: Buffer, at: number, field: Field): number {
  if ('u' in field) {
    // A plan is hundreds of small numbers.
    if (typeof field.u === 'number' && Number.isInteger(field.u) && field.u <= 0xffffffff) record.writeUInt32LE(field.u, at)
    else record.writeBigUInt64LE(BigInt(field.u), at)
  } else if ('i' in field) {
    record.writeBigInt64LE(BigInt(field.i), at)
  } else if ('s' in field) {
    if (field.s.includes('\0')) throw new RangeError(`a NUL byte in ${JSON.stringify(field.s)}`)
    record.writeUInt32LE(record.write(field.s, at + 4), at)
  } else {
    record.writeUInt32LE(field.b.length, at)
    record.set(field.b, at + 4)
  }
  return at + lengthOf(field)
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

  /** A number between -2^53 and 2^53. */
  i(): number {
    const value = this.#payload.readBigInt64LE(this.#offset)
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
