const BLOCK = 512

/** A member of an archive that is written. */
export interface Member {
  /** At most 100 bytes, ASCII; folders end in a slash. */
  path: string
  size: number
  content?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** A ustar archive: of root, of the beginning of 1970, so that the same members give the same bytes. */
export async function* writeTar(members: Iterable<Member> | AsyncIterable<Member>): AsyncGenerator<Uint8Array, void, void> {
  for await (const { path, size, content } of members) {
    yield header(path, size)
    let written = 0
    for await (const part of content ?? []) {
      written += part.length
      yield part
    }
    if (written !== size) throw new RangeError(`${path} has ${written} bytes in place of ${size}`)
    if (size % BLOCK !== 0) yield new Uint8Array(BLOCK - (size % BLOCK))
  }
  yield new Uint8Array(2 * BLOCK)
}

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  const isFolder = path.endsWith('/')
  const octal = (value: number, at: number, length: number) => block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1')
  block.write(path, 0, 100, 'latin1')
  octal(isFolder ? 0o755 : 0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  writeSize(block, size)
  octal(0, 136, 12)
  block.write('        ', 148, 'latin1')
  block.write(isFolder ? '5' : '0', 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** From 8 GiB on octal digits do not suffice; GNU's base 256 is understood by every reader. */
function writeSize(block: Buffer, size: number): void {
  if (size < 8 ** 11) {
    block.write(size.toString(8).padStart(11, '0'), 124, 'latin1')
    return
  }
  block[124] = 0x80
  block.writeBigUInt64BE(BigInt(size), 128)
}
