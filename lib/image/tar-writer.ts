import { Header } from 'tar/header'

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
  new Header({ path, size, mode: isFolder ? 0o755 : 0o644, uid: 0, gid: 0, mtime: new Date(0), type: isFolder ? 'Directory' : 'File' }).encode(block)
  return block
}
