import type { ApplyRecords } from './apply-records.ts'
import { cleanPath } from './layer-entries.ts'
import type { TarHandlers } from './tar/reader.ts'

/** Turns a tar into records as it is: of a name that begins with `.wh.` nothing is thought. The handlers throw TarError. */
export function fileEntries(records: ApplyRecords): TarHandlers {
  let left = 0
  const taken = (count: number) => {
    left -= count
    if (left === 0) records.endContent()
  }
  return {
    entry(entry) {
      for (const [name, value] of entry.type === 'hardlink' ? [] : entry.xattrs)
        if (name !== '' && name.length < 256 && value.length <= 65536) records.xattr(name, value)
      const link = entry.type === 'hardlink' ? cleanPath(entry.link) : entry.type === 'symlink' ? entry.link : ''
      records.entry({ ...entry, path: cleanPath(entry.name), link })
      left = entry.size
      if (entry.type === 'file' && entry.size === 0) records.endContent()
    },
    data(part) {
      records.data(part)
      taken(part.length)
    },
    zeros(count) {
      records.zeros(count)
      taken(count)
    },
  }
}
