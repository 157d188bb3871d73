import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { unpackLayer } from '../../../lib/image/unpack.ts'
import { digest } from '../../helpers/archives.ts'
import { type LayerMember, layerTar } from '../../helpers/layer-tar.ts'
import { type MappedStore, mappedStore } from '../../helpers/mapped-store.ts'
import { refusalOf, remainder, unpackThese } from '../../helpers/unpacked.ts'

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
