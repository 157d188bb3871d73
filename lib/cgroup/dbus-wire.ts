/**
 * Values on D-Bus (dbus.freedesktop.org/doc/dbus-specification.html, "Marshaling"), little-endian; the types that a
 * conversation with systemd uses: y b u i t x s o g v, arrays and structs.
 */
export type DbusValue = number | bigint | boolean | string | DbusVariant | DbusValue[]

export interface DbusVariant {
  signature: string
  value: DbusValue
}

export interface DbusMessage {
  type: 'call' | 'reply' | 'error' | 'signal'
  serial: number
  path?: string
  interface?: string
  member?: string
  errorName?: string
  replySerial?: number
  destination?: string
  sender?: string
  body: DbusValue[]
}

const TYPES = { call: 1, reply: 2, error: 3, signal: 4 } as const
const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  errorName: [4, 's'],
  replySerial: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
} as const
const SIGNATURE_FIELD = 8

export function encodeMessage(message: DbusMessage, signature = ''): Buffer {
  const body = marshal(signature, message.body)
  const fields: DbusValue[] = Object.entries(FIELDS).flatMap(([name, [code, type]]) => {
    const value = message[name as keyof typeof FIELDS]
    return value === undefined ? [] : [[code, { signature: type, value }]]
  })
  if (signature !== '') fields.push([SIGNATURE_FIELD, { signature: 'g', value: signature }])
  const header = marshal('yyyyuua(yv)', ['l'.charCodeAt(0), TYPES[message.type], 0, 1, body.length, message.serial, fields])
  return Buffer.concat([header, Buffer.alloc(padding(header.length, 8)), body])
}

/** The first message of `bytes` and its length; undefined while it is not complete. RangeError for what is none. */
export function decodeMessage(bytes: Buffer): { message: DbusMessage; length: number } | undefined {
  if (bytes.length < 16) return undefined
  if (bytes[0] !== 'l'.charCodeAt(0)) throw new RangeError('a big-endian D-Bus message')
  const fieldsEnd = 16 + bytes.readUInt32LE(12)
  const bodyStart = fieldsEnd + padding(fieldsEnd, 8)
  const length = bodyStart + bytes.readUInt32LE(4)
  // The specification's bound for one message.
  if (length > 2 ** 27) throw new RangeError('a D-Bus message that is too long')
  if (bytes.length < length) return undefined
  const [, type, , , , serial, fields] = unmarshal('yyyyuua(yv)', bytes.subarray(0, fieldsEnd)) as [0, number, 0, 0, 0, number, [number, DbusVariant][]]
  const kind = (Object.keys(TYPES) as DbusMessage['type'][]).find((name) => TYPES[name] === type)
  const message: DbusMessage = { type: kind ?? 'signal', serial, body: [] }
  let signature = ''
  for (const [code, { value }] of fields) {
    if (code === SIGNATURE_FIELD) signature = String(value)
    const name = Object.entries(FIELDS).find(([, [number]]) => number === code)?.[0]
    if (name !== undefined) Object.assign(message, { [name]: value })
  }
  message.body = unmarshal(signature, bytes.subarray(bodyStart, length))
  return { message, length }
}

/** The single complete types that a signature is a row of. */
export function splitSignature(signature: string): string[] {
  const types: string[] = []
  let start = 0
  while (start < signature.length) {
    const end = endOfType(signature, start)
    types.push(signature.slice(start, end))
    start = end
  }
  return types
}

function endOfType(signature: string, start: number): number {
  const type = signature[start]
  if (type === 'a') return endOfType(signature, start + 1)
  if (type !== '(' && type !== '{') {
    if (type === undefined) throw new RangeError(`a signature that ends early: ${signature}`)
    return start + 1
  }
  const close = type === '(' ? ')' : '}'
  let at = start + 1
  while (signature[at] !== close) at = endOfType(signature, at)
  return at + 1
}

const alignment = (type: string) =>
  type[0] === '(' || type[0] === '{' || type[0] === 'x' || type[0] === 't' || type[0] === 'd' ? 8 : 'ygv'.includes(type[0] ?? '') ? 1 : 4
const padding = (offset: number, to: number) => (to - (offset % to)) % to

/** Values to bytes; the buffer is taken to begin at an offset divisible by 8. */
export function marshal(signature: string, values: DbusValue[]): Buffer {
  const parts: Buffer[] = []
  let offset = 0
  const raw = (part: Buffer) => {
    parts.push(part)
    offset += part.length
  }
  const align = (to: number) => raw(Buffer.alloc(padding(offset, to)))
  const u32 = (value: number) => {
    const part = Buffer.alloc(4)
    part.writeUInt32LE(value)
    raw(part)
  }
  const put = (type: string, value: DbusValue): void => {
    align(alignment(type))
    switch (type[0]) {
      case 'y':
        return raw(Buffer.from([value as number]))
      case 'b':
        return u32(value ? 1 : 0)
      case 'u':
        return u32(value as number)
      case 's':
      case 'o':
        u32(Buffer.byteLength(value as string))
        return raw(Buffer.from(`${value as string}\0`))
      case 'g':
        return raw(Buffer.from([(value as string).length, ...Buffer.from(`${value as string}\0`)]))
      case 't': {
        const part = Buffer.alloc(8)
        part.writeBigUInt64LE(BigInt(value as number | bigint))
        return raw(part)
      }
      case 'v': {
        const variant = value as DbusVariant
        put('g', variant.signature)
        return put(variant.signature, variant.value)
      }
      case '(':
        return splitSignature(type.slice(1, -1)).forEach((member, i) => {
          put(member, (value as DbusValue[])[i] as DbusValue)
        })
      case 'a': {
        const element = type.slice(1)
        const length = Buffer.alloc(4)
        raw(length)
        align(alignment(element))
        // The length counts the elements, not the padding before the first.
        const start = offset
        for (const entry of value as DbusValue[]) put(element, entry)
        return void length.writeUInt32LE(offset - start)
      }
      default:
        throw new RangeError(`a D-Bus type that is not handled: ${type}`)
    }
  }
  splitSignature(signature).forEach((type, i) => {
    put(type, values[i] as DbusValue)
  })
  return Buffer.concat(parts)
}

export function unmarshal(signature: string, bytes: Buffer): DbusValue[] {
  let offset = 0
  const take = (count: number) => {
    if (offset + count > bytes.length) throw new RangeError('a D-Bus message that ends early')
    offset += count
    return bytes.subarray(offset - count, offset)
  }
  const text = (length: number) => take(length + 1).toString('utf8', 0, length)
  const get = (type: string): DbusValue => {
    take(padding(offset, alignment(type)))
    switch (type[0]) {
      case 'y':
        return take(1)[0] as number
      case 'b':
        return take(4).readUInt32LE() === 1
      case 'u':
      case 'h':
        return take(4).readUInt32LE()
      case 'i':
        return take(4).readInt32LE()
      case 't':
        return take(8).readBigUInt64LE()
      case 'x':
        return take(8).readBigInt64LE()
      case 's':
      case 'o':
        return text(take(4).readUInt32LE())
      case 'g':
        return text(take(1)[0] as number)
      case 'v': {
        const inner = get('g') as string
        return { signature: inner, value: get(inner) }
      }
      case '(':
      case '{':
        return splitSignature(type.slice(1, -1)).map(get)
      case 'a': {
        const length = take(4).readUInt32LE()
        take(padding(offset, alignment(type.slice(1))))
        const end = offset + length
        if (end > bytes.length) throw new RangeError('a D-Bus array that ends early')
        const values: DbusValue[] = []
        while (offset < end) values.push(get(type.slice(1)))
        return values
      }
      default:
        throw new RangeError(`a D-Bus type that is not handled: ${type}`)
    }
  }
  return splitSignature(signature).map(get)
}
