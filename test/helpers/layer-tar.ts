/** An entry of a layer, with all that a header can say. Names are written as bytes. */
export interface LayerMember {
  name: string | Buffer
  /** One character; "0", a file, where absent. */
  type?: string
  content?: string | Buffer
  link?: string
  mode?: number
  uid?: number
  gid?: number
  mtime?: number
  major?: number
  minor?: number
  /** Where it is not the length of the content. */
  size?: number
  /** Records of an extended header in front. */
  pax?: Record<string, string | Buffer>
  magic?: 'ustar' | 'gnu' | 'v7'
  prefix?: string
  /** Changes the finished header, before its checksum is made. */
  edit?: (block: Buffer) => void
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)])

/** A tar of these, with its two empty blocks. */
export function layerTar(members: readonly LayerMember[], tail: Buffer = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...members.map(encode), tail])
}

function encode(member: LayerMember): Buffer {
  const content = Buffer.from(member.content ?? '')
  const parts = [tarHeader(member, content.length), padded(content)]
  if (member.pax !== undefined) {
    const records = paxBody(member.pax)
    parts.unshift(tarHeader({ name: 'PaxHeaders/x', type: 'x' }, records.length), padded(records))
  }
  return Buffer.concat(parts)
}

export function paxBody(records: Record<string, string | Buffer>): Buffer {
  return Buffer.concat(Object.entries(records).map(([keyword, value]) => paxRecord(keyword, Buffer.from(value))))
}

function paxRecord(keyword: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), value, Buffer.from('\n')])
  let length = rest.length
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length
  return Buffer.concat([Buffer.from(`${length}`), rest])
}

export function tarHeader(member: LayerMember, length: number): Buffer {
  const { name, type = '0', link = '', mode = type === '5' ? 0o755 : 0o644, uid = 0, gid = 0, mtime = 0, major, minor, magic = 'ustar', prefix = '' } = member
  const block = Buffer.alloc(512)
  Buffer.from(name).copy(block, 0, 0, 100)
  number(block, 100, 8, mode)
  number(block, 108, 8, uid)
  number(block, 116, 8, gid)
  number(block, 124, 12, member.size ?? length)
  number(block, 136, 12, mtime)
  block.write(type, 156, 'latin1')
  block.write(link, 157, 100)
  if (magic !== 'v7') block.write(magic === 'ustar' ? 'ustar\u000000' : 'ustar  \0', 257, 'latin1')
  if (major !== undefined) number(block, 329, 8, major)
  if (minor !== undefined) number(block, 337, 8, minor)
  block.write(prefix, 345)
  member.edit?.(block)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** Octal where it fits, else base 256, as GNU tar does. */
function number(block: Buffer, at: number, size: number, value: number): void {
  if (value >= 0 && value < 8 ** (size - 1)) {
    block.write(`${value.toString(8).padStart(size - 1, '0')}\0`, at, 'latin1')
    return
  }
  let rest = BigInt.asUintN(8 * size, BigInt(value))
  for (let i = size - 1; i >= 0; i--) {
    block[at + i] = Number(rest & 255n)
    rest >>= 8n
  }
  block[at] = value < 0 ? 0xff : 0x80
}
