import { mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type TarEntry, TarReader } from '../../../../lib/image/tar/reader.ts'
import { type LayerMember, layerTar, paxBody, tarHeader } from '../../../helpers/layer-tar.ts'
import { must } from '../../../helpers/run.ts'

interface Read extends TarEntry {
  content: Buffer
}

/** Everything in it, read in pieces of `size` bytes. */
function read(tar: Buffer, size = tar.length): Read[] {
  const entries: Read[] = []
  const add = (bytes: Buffer) => {
    const last = entries.at(-1)!
    last.content = Buffer.concat([last.content, bytes])
  }
  const reader = new TarReader({
    entry: (entry) => entries.push({ ...entry, content: Buffer.alloc(0) }),
    data: add,
    zeros: (count) => add(Buffer.alloc(count)),
  })
  for (let at = 0; at < tar.length; at += size) reader.write(tar.subarray(at, at + size))
  reader.end()
  return entries
}

const one = (member: LayerMember): Read => read(layerTar([member]))[0]!

test('a long map of a sparse file is read once, however it is cut', () => {
  const segments = 300_000
  const content = Buffer.from(`${segments}\n${'0\n0\n'.repeat(segments)}`)
  const pax = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '5' }
  const padded = Buffer.concat([content, Buffer.alloc(-content.length & 511)])
  const tar = layerTar([{ name: 'f', content: padded, pax }])
  const start = performance.now()
  expect(read(tar, 512)[0]).toMatchObject({ name: 'f', size: 5 })
  expect(performance.now() - start).toBeLessThan(5_000)
})

describe('what the tar program writes', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'lichen-tar-'))
    onTestFinished(() => rm(path, { recursive: true, force: true }))
    return path
  }

  test.each(['v7', 'ustar', 'gnu', 'posix'])('format %s, in pieces of any size', async (format) => {
    const top = folder()
    writeFileSync(join(top, 'plain'), 'content')
    await must('sh', ['-c', 'mkdir d && ln plain hard && ln -s plain soft && mkfifo pipe && touch -d @1234567890 plain && chmod 4755 plain'], { cwd: top })
    const names = ['d', 'hard', ...(format === 'v7' ? [] : ['pipe']), 'plain', 'soft']
    await must('tar', [`--format=${format}`, '--numeric-owner', '--owner=70', '--group=80', '-cf', 'x.tar', ...names], { cwd: top })
    const tar = readFileSync(join(top, 'x.tar'))
    for (const size of [1, 511, 512, 513, 4096, tar.length]) {
      const entries = read(tar, size)
      expect(entries.map(({ name, type }) => [name, type])).toEqual([
        ['d/', 'directory'],
        ['hard', 'file'],
        ...(format === 'v7' ? [] : [['pipe', 'fifo']]),
        ['plain', 'hardlink'],
        ['soft', 'symlink'],
      ])
      const hard = entries[1]!
      expect([hard.content.toString(), hard.mode, hard.uid, hard.gid, hard.mtime.seconds]).toEqual(['content', 0o4755, 70, 80, 1234567890])
      expect(entries.slice(-2).map(({ link }) => link)).toEqual(['hard', 'plain'])
    }
  })

  test.each(['gnu', 'posix'])('names longer than a header, format %s', async (format) => {
    const top = folder()
    const long = 'é'.repeat(120)
    await must('sh', ['-c', `mkdir -p ${long}/${long} && echo x > ${long}/${long}/file && ln -s ${long}/${long} link`], { cwd: top })
    await must('tar', [`--format=${format}`, '-cf', 'x.tar', `${long}/${long}/file`, 'link'], { cwd: top })
    const [file, link] = read(readFileSync(join(top, 'x.tar')), 700)
    expect(Buffer.from(file!.name, 'latin1').toString()).toBe(`${long}/${long}/file`)
    expect(Buffer.from(link!.link, 'latin1').toString()).toBe(`${long}/${long}`)
  })

  test.each([
    ['gnu', '0.0'],
    ['posix', '0.0'],
    ['posix', '0.1'],
    ['posix', '1.0'],
  ])('sparse files, format %s %s', async (format, version) => {
    const top = folder()
    // More pieces than one header of the old format has room for, a hole at the end.
    await must('sh', ['-c', 'for i in 0 1 2 3 4 5 6 7 8 9 10 30; do printf "piece %s" $i | dd of=s bs=1 seek=$((i * 100000)) conv=notrunc status=none; done'], {
      cwd: top,
    })
    truncateSync(join(top, 's'), 5_000_000)
    writeFileSync(join(top, 'after'), 'after')
    await must('tar', [`--format=${format}`, '-S', `--sparse-version=${version}`, '-cf', 'x.tar', 's', 'after'], { cwd: top })
    const tar = readFileSync(join(top, 'x.tar'))
    expect(tar.length).toBeLessThan(1_000_000)
    for (const size of [100, 512, tar.length]) {
      const [sparse, after] = read(tar, size)
      expect([sparse!.name, sparse!.size, sparse!.type]).toEqual(['s', 5_000_000, 'file'])
      expect(sparse!.content.equals(readFileSync(join(top, 's')))).toBe(true)
      expect([after!.name, after!.content.toString()]).toEqual(['after', 'after'])
    }
  })

  test('times to the nanosecond, attributes that are no text', async () => {
    const entry = one({
      name: 'f',
      pax: { mtime: '1234567890.123456789', 'SCHILY.xattr.security.capability': Buffer.from([1, 0, 0, 2, 0x0a, 0xff, 0x3d, 0]), 'SCHILY.xattr.user.a=b': 'x' },
    })
    expect(entry.mtime).toEqual({ seconds: 1234567890, nanoseconds: 123456789 })
    expect(entry.xattrs).toEqual([
      ['security.capability', Buffer.from([1, 0, 0, 2, 0x0a, 0xff, 0x3d, 0])],
      ['user.a', Buffer.from('b=x')],
    ])
  })
})

describe('headers', () => {
  test('numbers that octal has no room for', () => {
    const entry = one({ name: 'f', uid: 2_000_000_000, gid: 8 ** 7, mtime: -1 })
    expect([entry.uid, entry.gid, entry.mtime.seconds]).toEqual([2_000_000_000, 8 ** 7, -1])
  })

  test('times before 1970', () => {
    expect(one({ name: 'f', pax: { mtime: '-1.25' } }).mtime).toEqual({ seconds: -2, nanoseconds: 750_000_000 })
  })

  test('names that are no UTF-8 stay the bytes that they are', () => {
    expect(one({ name: Buffer.from([0x66, 0xfc, 0xff]) }).name).toBe('f\xfc\xff')
  })

  test('device numbers of GNU headers', () => {
    expect(one({ name: 'null', type: '3', magic: 'gnu', major: 1, minor: 3 })).toMatchObject({ type: 'char', major: 1, minor: 3 })
  })

  test('a prefix, in ustar and where Docker of 2016 wrote it into a GNU header', () => {
    expect(one({ name: 'f', prefix: 'a/b' }).name).toBe('a/b/f')
    expect(one({ name: 'f', magic: 'gnu', prefix: 'usr/share/a/long/prefix' }).name).toBe('usr/share/a/long/prefix/f')
    expect(one({ name: 'f', magic: 'gnu', prefix: '00001234567\x00000001234567' }).name).toBe('f')
  })

  test('a directory of before POSIX', () => {
    expect(one({ name: 'd/', type: '\0', magic: 'v7' }).type).toBe('directory')
  })

  test('only files have content, whatever the header says: as Go, so that none sees other entries', () => {
    const tar = layerTar([
      { name: 'd', type: '5', size: 512 },
      { name: 'l', type: '2', link: 'x', size: 1024 },
      { name: 'f', content: 'x' },
    ])
    expect(read(tar).map(({ name }) => name)).toEqual(['d', 'l', 'f'])
  })

  test('an extended header says more than the header, an empty value nothing', () => {
    expect(one({ name: 'short', uid: 1, pax: { path: 'long', uid: '', size: '1' }, content: 'x' })).toMatchObject({ name: 'long', uid: 1, size: 1 })
  })

  test('an extended header is for one entry', () => {
    expect(read(layerTar([{ name: 'a', pax: { path: 'b' } }, { name: 'c' }])).map(({ name }) => name)).toEqual(['b', 'c'])
  })

  test('a global header, as git writes it, changes nothing', () => {
    const body = paxBody({ path: 'evil', comment: 'x' })
    const global = Buffer.concat([tarHeader({ name: 'pax_global_header', type: 'g' }, body.length), body, Buffer.alloc(-body.length & 511)])
    expect(read(Buffer.concat([global, layerTar([{ name: 'f' }])])).map(({ name }) => name)).toEqual(['f'])
  })
})

describe('ends', () => {
  test('two empty blocks end it, whatever follows', () => {
    expect(read(Buffer.concat([layerTar([{ name: 'f' }]), layerTar([{ name: 'g' }])])).map(({ name }) => name)).toEqual(['f'])
  })

  test('an archive without them', () => {
    expect(read(layerTar([{ name: 'f' }], Buffer.alloc(0))).length).toBe(1)
  })

  test('an empty one', () => {
    expect(read(Buffer.alloc(0))).toEqual([])
    expect(read(Buffer.alloc(1024))).toEqual([])
  })

  test('cut short: in a header, in content, behind an extended header', () => {
    const tar = layerTar([{ name: 'f', content: 'x'.repeat(700), pax: { path: 'p' } }])
    for (const end of [100, 512, 600, 1024, 1600, 2100]) expect(() => read(tar.subarray(0, end)), `${end}`).toThrow('cut short')
  })
})

describe('damage', () => {
  const broken: [string, () => Buffer, string][] = [
    ['no tar', () => Buffer.alloc(2048, 'x'), 'no tar archive'],
    ['a checksum', () => layerTar([{ name: 'f' }]).fill('z', 0, 1), 'damaged'],
    ['an entry behind an empty block', () => Buffer.concat([Buffer.alloc(512), layerTar([{ name: 'f' }])]), 'empty block'],
    ['a number', () => layerTar([{ name: 'f', edit: (block) => block.write('9999999', 108) }]), 'number'],
    ['a size below zero', () => layerTar([{ name: 'f', size: -512 }]), 'negative'],
    ['a size below zero, extended', () => layerTar([{ name: 'f', pax: { size: '-1' } }]), 'negative'],
    ['a size beyond counting', () => layerTar([{ name: 'f', pax: { size: '99999999999999999999' } }]), 'size'],
    ['an unknown type', () => layerTar([{ name: 'f', type: 'Z' }]), 'unknown type'],
    ['a huge extended header', () => layerTar([{ name: 'x', type: 'x', size: 2 ** 30 }]), 'more than'],
    ['a huge long name', () => layerTar([{ name: 'x', type: 'L', size: 2 ** 30 }]), 'more than'],
    ['a NUL in a path', () => layerTar([{ name: 'f', pax: { path: 'a\0b' } }]), 'NUL'],
    ['a record that is longer than its header', () => layerTar([{ name: 'x', type: 'x', content: '99 path=x\n' }]), 'damaged'],
    ['a record without a length', () => layerTar([{ name: 'x', type: 'x', content: 'path=x\n' }]), 'damaged'],
    ['a record without a line end', () => layerTar([{ name: 'x', type: 'x', content: '9 path=xx' }]), 'damaged'],
    ['a sparse map beyond the end', () => layerTar([{ name: 'f', content: 'x', pax: { 'GNU.sparse.map': '10,1', 'GNU.sparse.size': '5' } }]), 'sparse'],
    ['a sparse map that goes back', () => layerTar([{ name: 'f', content: 'xx', pax: { 'GNU.sparse.map': '3,1,0,1', 'GNU.sparse.size': '5' } }]), 'sparse'],
    ['a sparse map of more than there is', () => layerTar([{ name: 'f', content: 'x', pax: { 'GNU.sparse.map': '0,3', 'GNU.sparse.size': '5' } }]), 'sparse'],
    [
      'a sparse map without an end',
      () => layerTar([{ name: 'f', content: '7'.repeat(1024), pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '5' } }]),
      'sparse',
    ],
    [
      'a sparse map of millions',
      () => layerTar([{ name: 'f', content: '99999999\n', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '5' } }]),
      'sparse',
    ],
  ]
  test.each(broken)('%s', (_, make, words) => {
    expect(() => read(make(), 512)).toThrow(words)
    expect(() => read(make(), 7)).toThrow(words)
  })

  test('bytes at random do not get it out of step or to a halt', () => {
    let seed = 1
    const random = () => (seed = (seed * 48271) % 2147483647)
    const good = layerTar([
      { name: 'a', content: 'x'.repeat(1000), pax: { path: 'b', 'GNU.sparse.map': '0,1000', 'GNU.sparse.size': '2000' } },
      { name: 'c', type: '5' },
    ])
    for (let round = 0; round < 3000; round++) {
      const tar = Buffer.from(good)
      for (let flips = random() % 4; flips >= 0; flips--) tar[random() % tar.length] = random() % 256
      try {
        read(tar, 1 + (random() % 2000))
      } catch (error) {
        expect((error as Error).name).toBe('TarError')
      }
    }
  })
})
