import { type PackedEntry, readEntries } from './entry-records.ts'
import { BLOCK } from './tar/header.ts'
import { contentSize, padding, tarHeader, type WrittenEntry } from './tar/write-header.ts'

export interface TarShape {
  /** What the tree itself is called, which then stands before the names of all others; undefined: it is left out unless somebody changed its owner or mode. */
  top?: string
  /** OCI's `.wh.` files for what is gone; without it such entries are not expected. */
  layer?: boolean
  /** Seconds: no time is later. */
  latest?: number
  /** Another one follows in the same archive: its end is not written. */
  more?: boolean
}

/**
 * The tar of entry records, byte for byte the same of the same files. `packTar` of what a container has changed is a layer
 * (OCI image-spec, layer.md).
 */
export async function* packTar(
  records: AsyncIterable<Buffer>,
  { top, layer = false, latest = Number.POSITIVE_INFINITY, more = false }: TarShape,
): AsyncGenerator<Buffer, void, void> {
  let file: WrittenEntry | undefined
  const endOfFile = () => {
    const end = file === undefined ? undefined : padding(contentSize(file))
    file = undefined
    return end === undefined || end.length === 0 ? [] : [end]
  }
  for await (const item of readEntries(records)) {
    if ('data' in item) {
      yield item.data
      continue
    }
    if ('change' in item) continue
    yield* endOfFile()
    const written = toWrite(item.entry, top, layer)
    if (written === undefined) continue
    yield tarHeader(written.mtime.seconds > latest ? { ...written, mtime: { seconds: latest, nanoseconds: 0 } } : written)
    if (written.type === 'file') file = written
  }
  yield* endOfFile()
  if (!more) yield Buffer.alloc(2 * BLOCK)
}

/** Undefined: it is left out. */
function toWrite({ path, ...entry }: PackedEntry, top: string | undefined, layer: boolean): WrittenEntry | undefined {
  if (entry.type === 'whiteout' || entry.type === 'opaque') return layer ? mark(entry.type, path) : undefined
  const { type } = entry
  if (path === '') {
    const plain = entry.mode === 0o755 && entry.uid === 0 && entry.gid === 0 && entry.xattrs.length === 0
    return top === undefined && plain ? undefined : { ...entry, type, name: top ?? './' }
  }
  const name = `${top ?? ''}${path}`
  const link = type === 'hardlink' ? `${top ?? ''}${entry.link}` : entry.link
  return { ...entry, type, link, name: type === 'directory' ? `${name}/` : name }
}

function mark(type: 'whiteout' | 'opaque', path: string): WrittenEntry {
  const slash = path.lastIndexOf('/')
  const name = type === 'opaque' ? `${path === '' ? '' : `${path}/`}.wh..wh..opq` : `${path.slice(0, slash + 1)}.wh.${path.slice(slash + 1)}`
  return { type: 'file', name, link: '', mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 }, size: 0, major: 0, minor: 0, xattrs: [] }
}
