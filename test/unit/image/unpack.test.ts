import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { unpackLayer } from '../../../lib/image/unpack.ts'
import { addon } from '../../../lib/system/addon.ts'
import { digest, inPieces } from '../../helpers/archives.ts'
import { type LayerMember, layerTar } from '../../helpers/layer-tar.ts'
import { type MappedStore, mappedStore } from '../../helpers/mapped-store.ts'

const isWhiteout = (path: string) => {
  const status = lstatSync(path)
  return status.isCharacterDevice() && status.rdev === 0
}
const isOpaque = (path: string) => addon.getxattr({ path, name: 'user.overlay.opaque' })?.toString() === 'y'

/** What is in the store's folders; of a failed unpack nothing may be. */
const remainder = ({ context }: MappedStore) => readdirSync(context.paths.data, { recursive: true }).filter((name) => name !== 'tmp')

const unpackThese = async (...members: LayerMember[]) => {
  const store = await mappedStore()
  return { store, layer: await store.unpack(layerTar(members)) }
}

async function refusalOf(tar: Buffer, diffId = digest(tar)) {
  const store = await mappedStore()
  const error = await unpackLayer({ context: store.context, identity: store.identity, blob: inPieces(tar, 5000), diffId }).then(
    () => undefined,
    (thrown: unknown) => thrown as { code: string; message: string; hint?: string },
  )
  if (error !== undefined) expect(readdirSync(join(store.context.paths.data, 'tmp'))).toEqual([])
  return error
}

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

describe('whiteouts', () => {
  test('of a file, of a folder whose new content comes before and after, of everything in a folder', async () => {
    const { layer } = await unpackThese(
      { name: '.wh.gone' },
      { name: 'd/.wh.gone' },
      { name: 'before/new' },
      { name: '.wh.before' },
      { name: '.wh.after' },
      { name: 'after/new' },
      { name: '.wh.again' },
      { name: 'again', type: '5' },
      { name: 'file', content: 'new' },
      { name: '.wh.file' },
      { name: 'o/.wh..wh..opq' },
      { name: 'o/new' },
    )
    expect([isWhiteout(join(layer, 'gone')), isWhiteout(join(layer, 'd/gone'))]).toEqual([true, true])
    expect(['before', 'after', 'again', 'o', 'd'].map((name) => isOpaque(join(layer, name)))).toEqual([true, true, true, true, false])
    expect([readdirSync(join(layer, 'before')), readdirSync(join(layer, 'after')), readdirSync(join(layer, 'o'))]).toEqual([['new'], ['new'], ['new']])
    expect(readFileSync(join(layer, 'file'), 'utf8')).toBe('new')
  })

  test('of the whole of what lies below', async () => {
    const { layer } = await unpackThese({ name: '.wh..wh..opq' }, { name: 'new' })
    expect(isOpaque(layer)).toBe(true)
  })

  test('what aufs left behind is left out', async () => {
    const { layer } = await unpackThese({ name: '.wh..wh.plnk/', type: '5' }, { name: '.wh..wh.plnk/12.34' }, { name: '.wh..wh.aufs' }, { name: 'kept' })
    expect(readdirSync(layer)).toEqual(['kept'])
  })

  test.each(['.wh.', '.wh..', '.wh...', 'd/.wh..', 'd/.wh...'])("%s hides nothing and nobody's parent", async (name) => {
    expect(await refusalOf(layerTar([{ name: 'd/f' }, { name }]))).toMatchObject({ code: 'BAD_LAYER' })
  })

  test("below a whiteout's name", async () => {
    expect(await refusalOf(layerTar([{ name: '.wh.d/f' }]))).toMatchObject({ code: 'BAD_LAYER' })
  })
})

describe('attributes that steer overlayfs or fuse-overlayfs', () => {
  test('are inert', async () => {
    const { layer } = await unpackThese({
      name: 'd',
      type: '5',
      pax: {
        'SCHILY.xattr.user.overlay.opaque': 'y',
        'SCHILY.xattr.user.overlay.redirect': '/etc',
        'SCHILY.xattr.user.fuseoverlayfs.opaque': 'y',
        'SCHILY.xattr.user.fuseoverlayfs.origin': '/etc',
        'SCHILY.xattr.user.containers.override_stat': '0:0:0777',
        'SCHILY.xattr.trusted.overlay.opaque': 'y',
        'SCHILY.xattr.user.mine': 'kept',
      },
    })
    const value = (name: string) => addon.getxattr({ path: join(layer, 'd'), name })?.toString()
    for (const name of [
      'user.overlay.opaque',
      'user.overlay.redirect',
      'user.fuseoverlayfs.opaque',
      'user.fuseoverlayfs.origin',
      'user.containers.override_stat',
    ]) {
      expect(value(name), name).toBeUndefined()
    }
    expect([value('user.overlay.overlay.opaque'), value('user.mine')]).toEqual(['y', 'kept'])
  })

  test('of no size that the kernel could take', async () => {
    expect(await refusalOf(layerTar([{ name: 'f', pax: { 'SCHILY.xattr.user.big': 'x'.repeat(70_000) } }]))).toMatchObject({ code: 'BAD_LAYER' })
  })
})

describe('breaking out', () => {
  // The cases of containerd's pkg/archive/tar_test.go, with a victim beside the store.
  const victim = (store: MappedStore) => {
    const path = join(store.top, 'victim')
    mkdirSync(path)
    writeFileSync(join(path, 'hello'), 'canary', { mode: 0o600 })
    return path
  }
  const outs: [string, (victim: string) => LayerMember[]][] = [
    ['a name with ..', () => [{ name: '../../../../victim/hello', content: 'evil' }]],
    ['an absolute name', (path) => [{ name: `${path}/hello`, content: 'evil' }]],
    [
      'an absolute link',
      (path) => [
        { name: 'l', type: '2', link: path },
        { name: 'l/hello', content: 'evil' },
      ],
    ],
    [
      'a link upwards',
      () => [
        { name: 'l', type: '2', link: '../../../../victim' },
        { name: 'l/hello', content: 'evil' },
      ],
    ],
    [
      'a link in the place of the file',
      (path) => [
        { name: 'l', type: '2', link: `${path}/hello` },
        { name: 'l', content: 'evil' },
      ],
    ],
    [
      'a chain of links',
      (path) => [
        { name: 'a', type: '2', link: path },
        { name: 'b', type: '2', link: 'a' },
        { name: 'b/hello', content: 'evil' },
      ],
    ],
    [
      'a link in a folder made for the way',
      (path) => [
        { name: 'a/l', type: '2', link: path },
        { name: 'a/l/x/y', content: 'evil' },
      ],
    ],
    [
      'a folder through a link',
      (path) => [
        { name: 'l', type: '2', link: path },
        { name: 'l', type: '5', mode: 0o777 },
      ],
    ],
    ['a link whose folder is made a link later', (path) => [{ name: 'd/x' }, { name: 'd', type: '2', link: path }, { name: 'd/hello', content: 'evil' }]],
    [
      'a mode through a link',
      (path) => [
        { name: 'l', type: '2', link: path },
        { name: 'l/.', type: '5', mode: 0o777 },
      ],
    ],
    [
      'a hard link to a file outside, absolute',
      (path) => [
        { name: 'h', type: '1', link: `${path}/hello` },
        { name: 'h', content: 'evil' },
      ],
    ],
    ['a hard link to a file outside, relative', () => [{ name: 'h', type: '1', link: '../../../../victim/hello' }]],
    [
      'a hard link through a link',
      (path) => [
        { name: 'l', type: '2', link: path },
        { name: 'h', type: '1', link: 'l/hello' },
        { name: 'h', content: 'evil' },
      ],
    ],
    [
      'a hard link to a link, then a write to it',
      (path) => [
        { name: 'l', type: '2', link: `${path}/hello` },
        { name: 'h', type: '1', link: 'l' },
        { name: 'h', content: 'evil', mode: 0o666 },
      ],
    ],
    ['a whiteout through a link', (path) => [{ name: 'l', type: '2', link: path }, { name: 'l/.wh.hello' }]],
    ['an opaque mark through a link', (path) => [{ name: 'l', type: '2', link: path }, { name: 'l/.wh..wh..opq' }]],
    [
      'a replacement through a link',
      (path) => [
        { name: 'l', type: '2', link: path },
        { name: 'l/hello', type: '5' },
        { name: 'l', content: '' },
      ],
    ],
    [
      'procfs, if it were resolved',
      () => [
        { name: 'l', type: '2', link: '/proc/self/cwd' },
        { name: 'l/hello', content: 'evil' },
      ],
    ],
    [
      'links in a circle',
      () => [
        { name: 'a', type: '2', link: 'b' },
        { name: 'b', type: '2', link: 'a' },
        { name: 'a/x', content: 'evil' },
      ],
    ],
  ]
  test.each(outs)('%s', async (_, members) => {
    const store = await mappedStore()
    const path = victim(store)
    const before = lstatSync(path)
    const tar = layerTar(members(path))
    const outcome = await store.unpack(tar).then(
      () => 'inert',
      (error: { code: string }) => error.code,
    )
    expect(['inert', 'BAD_LAYER', 'APPLY_FAILED']).toContain(outcome)
    expect([readdirSync(path), readFileSync(join(path, 'hello'), 'utf8')]).toEqual([['hello'], 'canary'])
    const after = lstatSync(path)
    expect([after.mode, after.mtimeMs, lstatSync(join(path, 'hello')).nlink]).toEqual([before.mode, before.mtimeMs, 1])
    if (outcome !== 'inert') expect(remainder(store)).toEqual([])
  })

  test('an absolute link is meant for the layer, and leads there', async () => {
    const { layer } = await unpackThese({ name: 'usr/lib', type: '5' }, { name: 'lib', type: '2', link: '/usr/lib' }, { name: 'lib/x', content: 'in' })
    expect(readFileSync(join(layer, 'usr/lib/x'), 'utf8')).toBe('in')
  })
})

describe('what is refused', () => {
  test('an id that the map does not reach is named, with the line that gives more', async () => {
    const error = await refusalOf(layerTar([{ name: 'srv/file', uid: 70_000, content: 'x' }]))
    expect(error).toMatchObject({ code: 'UNMAPPED_ID' })
    expect(error?.message).toContain('/srv/file belongs to uid 70000')
    expect(error?.hint).toContain('usermod --add-subuids')
    expect(await refusalOf(layerTar([{ name: 'f', gid: 2 ** 32 }]))).toMatchObject({ code: 'BAD_LAYER' })
  })

  test('a digest that is not the one that was promised', async () => {
    expect(await refusalOf(layerTar([{ name: 'f' }]), digest('other'))).toMatchObject({ code: 'LAYER_MISMATCH' })
  })

  test('bytes behind the end of the archive count for the digest', async () => {
    const tar = layerTar([{ name: 'f' }])
    expect(await refusalOf(Buffer.concat([tar, Buffer.from('more')]), digest(tar))).toMatchObject({ code: 'LAYER_MISMATCH' })
  })

  test('an archive that is cut short, and one that is none', async () => {
    const tar = layerTar([{ name: 'f', content: 'x'.repeat(5000) }])
    const error = await refusalOf(tar.subarray(0, 3000))
    expect(error).toMatchObject({ code: 'BAD_LAYER' })
    expect(error?.message).toMatch(/^layer sha256:[0-9a-f]{64} can't be unpacked: it is cut short$/)
    expect(await refusalOf(Buffer.alloc(1024, 'x'))).toMatchObject({ code: 'BAD_LAYER' })
    expect(await refusalOf(gzipSync(tar).subarray(0, 40), digest(tar))).toMatchObject({ code: 'DAMAGED_STREAM' })
  })

  test('bombs: a hole of terabytes, more than a hundred times its size', async () => {
    const hole = (size: number): LayerMember => ({ name: 'f', pax: { 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', 'GNU.sparse.size': `${size}` } })
    const refused = (words: string) => ({ code: 'BAD_LAYER', message: expect.stringContaining(words) as string })
    expect(await refusalOf(layerTar([hole(2 ** 42)]))).toMatchObject(refused('512 GiB'))
    expect(await refusalOf(layerTar(Array.from({ length: 20 }, () => hole(2 ** 35))))).toMatchObject(refused('bomb'))
  })

  test('a hard link to nothing', async () => {
    expect(await refusalOf(layerTar([{ name: 'h', type: '1', link: 'nothing' }]))).toMatchObject({ code: 'BAD_LAYER' })
  })

  test('a file in a file', async () => {
    expect(await refusalOf(layerTar([{ name: 'f' }, { name: 'f/g' }]))).toMatchObject({ code: 'APPLY_FAILED' })
  })

  test('what a source throws is thrown, and nothing is left', async () => {
    const store = await mappedStore()
    const tar = layerTar([{ name: 'f', content: 'x'.repeat(5000) }])
    async function* failing() {
      yield tar.subarray(0, 2000)
      throw new Error('the line is cut')
    }
    const unpacking = unpackLayer({ context: store.context, identity: store.identity, blob: failing(), diffId: digest(tar) })
    await expect(unpacking).rejects.toThrow('the line is cut')
    expect(remainder(store)).toEqual([])
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
