import { expect, it } from 'vitest'
import { compose, translationOptions } from '../../../lib/storage/translate.ts'

const store = [
  { container: 0, host: 1001, size: 1 },
  { container: 1, host: 100000, size: 65536 },
]

it('is the identity between equal maps', () => {
  expect(compose(store, store)).toEqual([
    { shown: 0, underlying: 0, size: 1 },
    { shown: 1, underlying: 1, size: 65536 },
  ])
})

it('shows what the user owns on disk as root, though keep-id maps the user to another id', () => {
  const keepId = [
    { container: 0, host: 100000, size: 1001 },
    { container: 1001, host: 1001, size: 1 },
    { container: 1002, host: 101001, size: 64535 },
  ]
  expect(compose(store, keepId)).toEqual([
    { shown: 0, underlying: 1001, size: 1 },
    { shown: 1, underlying: 0, size: 1001 },
    { shown: 1002, underlying: 1002, size: 64535 },
  ])
})

it('names the id on disk first: fuse-overlayfs turns it into the one that is shown', () => {
  const identity = (mappings: typeof store) => ({
    uidMappings: mappings,
    gidMappings: mappings,
    newuidmap: undefined,
    newgidmap: undefined,
    denySetgroups: false,
  })
  const keepId = [
    { container: 0, host: 100000, size: 1 },
    { container: 1, host: 1001, size: 1 },
  ]
  expect(translationOptions(identity(store), identity(keepId))).toBe('uidmapping=1:0:1:0:1:1,gidmapping=1:0:1:0:1:1')
})
