import type { ApplyRecords } from './apply-records.ts'
import type { TarEntry, TarHandlers } from './tar/reader.ts'
import { TarError } from './tar/tar-error.ts'

/** What a layer may come to, far beyond what any honest one does: its author does not say how long we work. */
const ENTRY_LIMIT = 4_000_000
const BYTE_LIMIT = 512 * 1024 ** 3
/** Beyond so many bytes it may not be so many times what has come of it. */
const FREE_BYTES = 16 * 1024 ** 3
const RATIO_LIMIT = 100
const PATH_LIMIT = 4095
const XATTR_LIMIT = 64 * 1024

/**
 * Turns what is read of a layer's tar into records, `.wh.` names (OCI image-spec, layer.md) into whiteouts. `packed` tells
 * how many bytes of the layer, as it comes, have been read. The handlers throw TarError.
 */
export function layerEntries(records: ApplyRecords, packed: () => number): TarHandlers {
  let entries = 0
  let bytes = 0
  let unpacked = 0
  let left = 0
  const grown = (count: number) => {
    unpacked += count
    if (unpacked > FREE_BYTES && unpacked > RATIO_LIMIT * packed()) throw new TarError(`it unpacks to more than ${RATIO_LIMIT} times its size, as a bomb does`)
  }
  const taken = (count: number) => {
    left -= count
    if (left === 0) records.endContent()
  }
  return {
    entry(entry) {
      bytes += entry.size
      if (++entries > ENTRY_LIMIT) throw new TarError(`it has more than ${ENTRY_LIMIT} entries`)
      if (bytes > BYTE_LIMIT) throw new TarError(`it unpacks to more than ${BYTE_LIMIT / 1024 ** 3} GiB`)
      left = putEntry(records, entry) ? entry.size : Number.POSITIVE_INFINITY
    },
    data(part) {
      grown(part.length)
      if (left === Number.POSITIVE_INFINITY) return
      records.data(part)
      taken(part.length)
    },
    zeros(count) {
      grown(count)
      if (left === Number.POSITIVE_INFINITY) return
      records.zeros(count)
      taken(count)
    },
  }
}

/** False where nothing is made of it, nor of its content. */
function putEntry(records: ApplyRecords, entry: TarEntry): boolean {
  const path = cleanPath(entry.name)
  const slash = path.lastIndexOf('/')
  const [parent, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)]
  const bare = { link: '', mode: 0, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 }, size: 0, major: 0, minor: 0 }
  if (name === '.wh..wh..opq') {
    records.entry({ ...bare, type: 'opaque', path: parent })
    return false
  }
  // What aufs kept for itself, in images of a decade ago.
  if (path.split('/').some((component) => component.startsWith('.wh..wh.'))) return false
  if (name.startsWith('.wh.')) {
    const hidden = name.slice('.wh.'.length)
    if (hidden === '' || hidden === '.' || hidden === '..') throw new TarError(`${shown(entry.name)} hides nothing that a layer may hide`)
    records.entry({ ...bare, type: 'whiteout', path: parent === '' ? hidden : `${parent}/${hidden}` })
    return false
  }
  for (const id of [entry.uid, entry.gid]) if (id < 0 || id >= 0xffffffff) throw new TarError(`${shown(entry.name)} belongs to the id ${id}, which can't be`)
  if (entry.type !== 'hardlink') for (const [attribute, value] of entry.xattrs) putXattr(records, entry, attribute, value)
  records.entry({ ...entry, path, link: entry.type === 'hardlink' ? cleanPath(entry.link) : entry.type === 'symlink' ? entry.link : '' })
  if (entry.type === 'file' && entry.size === 0) records.endContent()
  return entry.type === 'file'
}

function putXattr(records: ApplyRecords, entry: TarEntry, name: string, value: Buffer): void {
  if (name === '' || name.length > 255 || value.length > XATTR_LIMIT) throw new TarError(`${shown(entry.name)} has an extended attribute that can't be`)
  records.xattr(name, value)
}

/** As if the archive's top were /: Docker, too, cleans names so. Throws TarError for one that climbs out. */
export function cleanPath(name: string): string {
  const clean: string[] = []
  for (const component of name.split('/')) {
    if (component === '' || component === '.') continue
    if (component !== '..') clean.push(component)
    else if (clean.pop() === undefined) throw new TarError(`${shown(name)} leads out of the layer`)
  }
  const path = clean.join('/')
  if (path.length > PATH_LIMIT) throw new TarError(`${shown(name)} is longer than the ${PATH_LIMIT} bytes that a path may have`)
  return path
}

/** One character a byte, for a message. */
function shown(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8')
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text)
}
