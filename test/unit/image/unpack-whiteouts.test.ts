import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addon } from '../../../lib/system/addon.ts'
import { layerTar } from '../../helpers/layer-tar.ts'
import { isOpaque, isWhiteout, refusalOf, unpackThese } from '../../helpers/unpacked.ts'

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
