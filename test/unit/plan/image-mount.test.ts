import { expect, it } from 'vitest'
import { parseMount } from '../../../lib/cli/mount-flag.ts'
import { compileImageMount, imageMount, isImageMount } from '../../../lib/plan/image-mount.ts'

const source = { type: 'image', source: '/c/images/0', target: '/m', readOnly: true, options: [], layers: ['/l/b', '/l/a'] } as const

it('is an overlay in the specification, and a step of its own in the plan', () => {
  const mount = imageMount({ ...source, options: ['subpath=a/b', 'noexec'], layers: [...source.layers] })
  expect(mount).toEqual({
    destination: '/m',
    type: 'overlay',
    source: 'overlay',
    options: ['lowerdir=/l/b:/l/a', 'ro', 'noexec', 'x-subpath=a/b', 'x-folder=/c/images/0'],
  })
  expect([isImageMount(mount), isImageMount({ destination: '/m', type: 'overlay', options: ['lowerdir=/a'] })]).toEqual([true, false])
  const step = compileImageMount(mount, ['ro'])
  expect(step).toMatchObject({ kind: 'image', source: '/c/images/0', target: '/m', data: 'a/b', attributes: ['ro'], flags: [], layers: ['/l/b', '/l/a'] })
})

it('keeps names of folders whatever is in them', () => {
  const layers = ['/a:b', '/c,d', '/e\\f', '/g\\:h']
  const step = compileImageMount(imageMount({ ...source, readOnly: false, options: [], layers }), [])
  expect([step.layers, step.flags]).toEqual([layers, ['upper']])
})

it('is read-only unless somebody says otherwise', () => {
  const parsed = (more: string) => parseMount(`type=image,src=tool,dst=/m${more}`)
  expect(['', ',ro', ',rw', ',rw=false', ',readwrite=true', ',readonly=false'].map((more) => parsed(more).readOnly)).toEqual([
    true,
    true,
    false,
    true,
    false,
    false,
  ])
  expect(parsed(',image-subpath=a/b').options).toEqual(['subpath=a/b'])
  expect(() => parseMount('type=image,dst=/m')).toThrow('invalid mount config for type "image": field Source must not be empty')
  expect(() => parsed(',bind-propagation=rslave')).toThrow("cannot mix 'bind-*' options with mount type 'image'")
})
