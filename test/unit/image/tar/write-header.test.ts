import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { TarReader } from '../../../../lib/image/tar/reader.ts'
import { contentSize, padding, tarHeader, type WrittenEntry } from '../../../../lib/image/tar/write-header.ts'

const plain: WrittenEntry = {
  type: 'file',
  name: 'f',
  link: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: { seconds: 5, nanoseconds: 0 },
  size: 0,
  major: 0,
  minor: 0,
  xattrs: [],
}

/** With content that fits. */
function archive(...entries: WrittenEntry[]): Buffer {
  const parts = entries.flatMap((entry) => [tarHeader(entry), Buffer.alloc(contentSize(entry), 'x'), padding(contentSize(entry))])
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

function read(tar: Buffer) {
  const entries: WrittenEntry[] = []
  const reader = new TarReader({ entry: (entry) => void entries.push(entry), data: () => {}, zeros: () => {} })
  reader.write(tar)
  reader.end()
  return entries
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1')

describe('what is written is read again', () => {
  it.each<[string, Partial<WrittenEntry>]>([
    ['a plain file', { size: 3 }],
    ['a name of 100 bytes', { name: 'n'.repeat(100) }],
    ['a name with room in the prefix', { name: `${'d'.repeat(90)}/${'n'.repeat(95)}` }],
    ['a name that fits nowhere', { name: `${'d/'.repeat(80)}${'n'.repeat(200)}` }],
    ['a long directory', { type: 'directory', name: `${'d'.repeat(140)}/${'e'.repeat(99)}/` }],
    ['a name in UTF-8', { name: latin1('größe/文') }],
    ['a name in no encoding at all', { name: 'a\xff\xfe' }],
    ['a long link', { type: 'symlink', link: '../'.repeat(60) }],
    ['a link in UTF-8', { type: 'symlink', link: latin1('grün') }],
    ['a hard link', { type: 'hardlink', link: 'other' }],
    ['large ids', { uid: 4_000_000_000, gid: 2_097_152 }],
    ['a time before 1970', { mtime: { seconds: -7, nanoseconds: 0 } }],
    ['a device', { type: 'char', major: 10, minor: 229 }],
    ['all bits of a mode', { mode: 0o7777 }],
    [
      'attributes',
      {
        xattrs: [
          ['security.capability', Buffer.from([1, 0, 0, 2, 10, 0, 255])],
          ['user.a', Buffer.from('=\n')],
        ],
      },
    ],
  ])('%s', (_, facts) => {
    expect(read(archive({ ...plain, ...facts }, plain))).toEqual([{ ...plain, ...facts }, plain])
  })

  it('nine gibibytes', () => {
    const size = 9 * 1024 ** 3
    const entries: WrittenEntry[] = []
    new TarReader({ entry: (entry) => void entries.push(entry), data: () => {}, zeros: () => {} }).write(tarHeader({ ...plain, size }))
    expect(entries[0]!.size).toBe(size)
  })

  it('a file with holes', () => {
    const segments = [
      { offset: 4096, length: 100 },
      { offset: 1_000_000, length: 2000 },
    ]
    const zeros: number[] = []
    const reader = new TarReader({
      entry: (entry) => expect(entry).toMatchObject({ name: 'dir/f', size: 2_000_000 }),
      data: () => {},
      zeros: (count) => void zeros.push(count),
    })
    reader.write(archive({ ...plain, name: 'dir/f', size: 2_000_000, segments }))
    reader.end()
    expect(zeros).toEqual([4096, 1_000_000 - 4196, 2_000_000 - 1_002_000])
  })

  it('a time of which seconds are left', () => {
    expect(read(archive({ ...plain, mtime: { seconds: 9, nanoseconds: 5 } }))[0]!.mtime).toEqual({ seconds: 9, nanoseconds: 0 })
  })
})

it('GNU tar reads it, too', () => {
  const tar = archive(
    { ...plain, name: `${'d/'.repeat(80)}${'n'.repeat(200)}`, size: 7, mode: 0o4755, uid: 1234, gid: 5 },
    { ...plain, name: 'sparse', size: 1_000_000, segments: [{ offset: 8192, length: 10 }] },
    { ...plain, name: 'empty', size: 1_000_000, segments: [] },
    { ...plain, type: 'symlink', name: 'l', link: 'to' },
  )
  const lines = execFileSync('tar', ['--numeric-owner', '-tvf', '-'], { input: tar, encoding: 'utf8' }).trim().split('\n')
  expect(lines.map((line) => line.replace(/\s+/g, ' ').replace(/ \d{4}-\S+ \S+/, ''))).toEqual([
    `-rwsr-xr-x 1234/5 7 ${'d/'.repeat(80)}${'n'.repeat(200)}`,
    '-rw-r--r-- 0/0 1000000 sparse',
    '-rw-r--r-- 0/0 1000000 empty',
    'lrw-r--r-- 0/0 0 l -> to',
  ])
})
