import { expect, test } from 'vitest'
import { squashIds } from '../../../lib/image/squash-ids.ts'
import type { TarEntry } from '../../../lib/image/tar/reader.ts'

const maps = (size: number) => ({
  uidMappings: [{ container: 0, host: 1000, size: 1 }, ...range(size)],
  gidMappings: [{ container: 0, host: 1000, size: 1 }, ...range(size)],
})
const range = (size: number) => (size > 1 ? [{ container: 1, host: 100_000, size: size - 1 }] : [])
const entry = (uid: number, gid: number, more: Partial<TarEntry> = {}): TarEntry => ({
  type: 'file',
  name: 'bin/x',
  link: '',
  mode: 0o6755,
  uid,
  gid,
  mtime: { seconds: 0, nanoseconds: 0 },
  size: 0,
  major: 0,
  minor: 0,
  xattrs: [],
  ...more,
})

function squash(size: number, ...entries: TarEntry[]) {
  const seen: string[] = []
  const record = ({ uid, gid, mode }: TarEntry) => void seen.push(`${uid}:${gid} ${mode.toString(8)}`)
  const { handlers, said } = squashIds({ entry: record, data() {}, zeros() {} }, maps(size))
  for (const each of entries) handlers.entry(each)
  return { seen, said: said() }
}

test('an id that is not there becomes nobody, and setuid goes with its owner', () => {
  expect(squash(65536, entry(65535, 0), entry(65536, 1000), entry(0, 200_000))).toEqual({
    seen: ['65535:0 6755', '65534:1000 755', '0:65534 755'],
    said: "made nobody's: 2 files of ids that your containers do not have, first of all /bin/x (65536:1000)",
  })
})

test('where nobody is not there, it is root', () => {
  expect(squash(1000, entry(1000, 999)).seen).toEqual(['0:999 755'])
})

test('a single id keeps owners aside by itself', () => {
  expect(squash(1, entry(70_000, 70_000))).toEqual({ seen: ['70000:70000 6755'], said: undefined })
})

test('a hard link has no owner of its own', () => {
  expect(squash(65536, entry(70_000, 0, { type: 'hardlink' })).said).toBeUndefined()
})
