import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { unpackLayer } from '../../../lib/image/unpack.ts'
import { addon } from '../../../lib/system/addon.ts'
import { digest, inPieces } from '../../helpers/archives.ts'
import { type LayerMember, layerTar } from '../../helpers/layer-tar.ts'
import { mappedStore } from '../../helpers/mapped-store.ts'
import { isOpaque, unpackThese } from '../../helpers/unpacked.ts'

describe('what is kept', () => {
  test('content, owners, modes, times, links', async () => {
    const { store, layer } = await unpackThese(
      { name: './', type: '5', mode: 0o755 },
      { name: 'bin/', type: '5', mode: 0o751, mtime: 1000, uid: 5, gid: 6 },
      { name: 'bin/su', content: 'su', mode: 0o4755, mtime: 2000 },
      { name: 'bin/owned', content: 'x', mode: 0o2711, uid: 1000, gid: 65535 },
      { name: 'bin/hard', type: '1', link: 'bin/su' },
      { name: 'bin/soft', type: '2', link: '../no/where', uid: 7, gid: 8, mtime: 3000 },
      { name: 'bin/soft-too', type: '1', link: 'bin/soft' },
      { name: 'pipe', type: '6', mode: 0o622 },
      { name: 'tmp', type: '5', mode: 0o1777 },
      { name: 'sticky-setgid', type: '5', mode: 0o3770, gid: 50 },
      { name: 'made/on/the/way', content: '' },
    )
    const facts = (name: string) => {
      const { mode, uid, mtimeMs, nlink } = lstatSync(join(layer, name))
      return [(mode & 0o7777).toString(8), uid, mtimeMs / 1000, nlink]
    }
    expect(facts('bin')).toEqual(['751', store.hostUid(5), 1000, 2])
    expect(facts('bin/su')).toEqual(['4755', store.hostUid(0), 2000, 2])
    expect(facts('bin/owned')).toEqual(['2711', store.hostUid(1000), 0, 1])
    expect(lstatSync(join(layer, 'bin/hard')).ino).toBe(lstatSync(join(layer, 'bin/su')).ino)
    expect([readlinkSync(join(layer, 'bin/soft')), ...facts('bin/soft').slice(1)]).toEqual(['../no/where', store.hostUid(7), 3000, 2])
    expect(lstatSync(join(layer, 'bin/soft-too')).isSymbolicLink()).toBe(true)
    expect(lstatSync(join(layer, 'pipe')).isFIFO()).toBe(true)
    expect(facts('pipe')[0]).toBe('622')
    expect([facts('tmp')[0], facts('sticky-setgid')[0]]).toEqual(['1777', '3770'])
    expect(facts('made/on')[0]).toBe('755')
    expect(facts('.')[0]).toBe('755')
  })

  test('size is that of the files', async () => {
    const store = await mappedStore()
    const tar = layerTar([
      { name: 'a', content: 'x'.repeat(1000) },
      { name: 'b', type: '1', link: 'a' },
      { name: 'c', content: 'yy' },
    ])
    const layer = { context: store.context, identity: store.identity, diffId: digest(tar) }
    expect(await unpackLayer({ ...layer, blob: inPieces(gzipSync(tar), 7) })).toEqual({ size: 1002 })
    // Somebody was quicker: his layer stays.
    expect(await unpackLayer({ ...layer, blob: inPieces(tar) })).toEqual({ size: 1002 })
    expect(readdirSync(join(store.context.paths.data, 'tmp'))).toEqual([])
  })

  test('file capabilities, which chown and write would take away', async () => {
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
    const { layer } = await unpackThese({ name: 'ping', content: 'x', uid: 3, mode: 0o755, pax: { 'SCHILY.xattr.security.capability': capability } })
    // The kernel adds whose root it is for (version 3).
    expect(addon.getxattr({ path: join(layer, 'ping'), name: 'security.capability' })?.subarray(4, 8)).toEqual(capability.subarray(4, 8))
  })

  test('times of directories, although their content comes later, and elsewhere in between', async () => {
    const { layer } = await unpackThese(
      { name: 'a', type: '5', mtime: 1000 },
      { name: 'a/b', type: '5', mtime: 2000 },
      { name: 'a/b/1' },
      { name: 'c', type: '5', mtime: 3000 },
      { name: 'c/1' },
      { name: 'a/2' },
      { name: 'a/b/c/d/e' },
      { name: 'c/1', content: 'again' },
      { name: 'a/2', type: '5' },
    )
    expect(['a', 'a/b', 'c'].map((name) => lstatSync(join(layer, name)).mtimeMs / 1000)).toEqual([1000, 2000, 3000])
  })

  test('holes', async () => {
    const content = Buffer.concat([Buffer.alloc(3_000_000), Buffer.from('end'), Buffer.alloc(1_000_000)])
    const { layer } = await unpackThese({ name: 'holes', content })
    expect(readFileSync(join(layer, 'holes')).equals(content)).toBe(true)
    expect(lstatSync(join(layer, 'holes')).blocks * 512).toBeLessThan(100_000)
  })

  test('names that are no UTF-8', async () => {
    const { layer } = await unpackThese({ name: Buffer.from([0x66, 0xff]) })
    expect(readdirSync(layer, 'buffer')).toEqual([Buffer.from([0x66, 0xff])])
  })
})

describe('entries that replace others', () => {
  test.each<[string, LayerMember, LayerMember, (path: string) => void]>([
    ['file by file', { name: 'x', content: 'old' }, { name: 'x', content: 'new' }, (x) => expect(readFileSync(x, 'utf8')).toBe('new')],
    ['file by folder', { name: 'x', content: 'old' }, { name: 'x', type: '5' }, (x) => expect([lstatSync(x).isDirectory(), isOpaque(x)]).toEqual([true, true])],
    ['link by file', { name: 'x', type: '2', link: 'y' }, { name: 'x', content: 'new' }, (x) => expect(lstatSync(x).isFile()).toBe(true)],
    ['link by folder', { name: 'x', type: '2', link: '.' }, { name: 'x', type: '5' }, (x) => expect(lstatSync(x).isDirectory()).toBe(true)],
    ['folder by file', { name: 'x/y/z', content: 'old' }, { name: 'x', content: 'new' }, (x) => expect(readFileSync(x, 'utf8')).toBe('new')],
    ['folder by link', { name: 'x/y/z', content: 'old' }, { name: 'x', type: '2', link: 'y' }, (x) => expect(readlinkSync(x)).toBe('y')],
    [
      'folder by folder',
      { name: 'x/y', content: 'old' },
      { name: 'x', type: '5', mode: 0o700 },
      (x) => expect([readdirSync(x), isOpaque(x)]).toEqual([['y'], false]),
    ],
    ['file by fifo', { name: 'x' }, { name: 'x', type: '6' }, (x) => expect(lstatSync(x).isFIFO()).toBe(true)],
    ['a file by a link to itself', { name: 'x', content: 'old' }, { name: 'x', type: '1', link: 'x' }, (x) => expect(readFileSync(x, 'utf8')).toBe('old')],
  ])('%s', async (_, first, second, check) => {
    const { layer } = await unpackThese(first, second)
    check(join(layer, 'x'))
  })

  test('a link between is replaced, what it points to is not', async () => {
    const { layer } = await unpackThese({ name: 'target', content: 'old' }, { name: 'x', type: '2', link: 'target' }, { name: 'x', content: 'new' })
    expect(readFileSync(join(layer, 'target'), 'utf8')).toBe('old')
  })
})

test('devices that no user can make are left out', async () => {
  const { layer } = await unpackThese({ name: 'dev/null', type: '3', major: 1, minor: 3 }, { name: 'sda' }, { name: 'sda', type: '4', major: 8, minor: 0 })
  expect(readdirSync(layer, { recursive: true })).toEqual(['dev'])
})

test('with a single id the owner that was meant is written down', async () => {
  const store = await mappedStore()
  const { uid, gid } = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  const one = (id: number) => [{ container: 0, host: id, size: 1 }]
  const identity = { uidMappings: one(uid), gidMappings: one(gid), newuidmap: undefined, newgidmap: undefined, denySetgroups: true }
  const tar = layerTar([
    { name: 'f', uid: 1000, gid: 70_000, mode: 0o640 },
    { name: 'l', type: '2', link: 'x', uid: 5 },
    { name: 'd', type: '5', uid: 5 },
  ])
  await unpackLayer({ context: store.context, identity, blob: inPieces(tar), diffId: digest(tar) })
  const path = join(store.context.paths.data, 'layers', digest(tar).slice(7), 'diff/f')
  expect(lstatSync(path).uid).toBe(uid)
  expect(addon.getxattr({ path, name: 'user.containers.override_stat' })?.toString()).toBe('1000:70000:0640')
})
