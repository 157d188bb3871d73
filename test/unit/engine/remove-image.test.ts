import { expect, test } from 'vitest'
import { removeImage, removeImages } from '../../../lib/engine/remove-image.ts'
import { chainIds } from '../../../lib/image/chain-ids.ts'
import { listReferences, writeReference } from '../../../lib/image/references.ts'
import { readStoredImage, withStoreLock } from '../../../lib/image/store.ts'
import { tagImage, untagImage } from '../../../lib/image/tag.ts'
import type { Context } from '../../../lib/system/context.ts'
import { emptyStore } from '../../helpers/archives.ts'
import { storeContainer, storeImage } from '../../helpers/store.ts'

const box = 'c'.repeat(64)
const remove = (context: Context, name: string, force = false) => removeImage({ context, name, force })
const left = async (context: Context) => (await listReferences(context)).map(({ reference }) => reference)

test('the last name takes the image with it, an earlier one only itself', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a', 'b'], references: ['docker.io/library/x:1', 'docker.io/library/x:2'] })
  expect(await remove(context, 'x:1')).toEqual([{ untagged: 'x:1' }])
  expect(await readStoredImage(context, image.id)).toEqual(image)
  const chains = chainIds(image.layers.map(({ diffId }) => diffId))
  expect(await remove(context, 'x:2')).toEqual([{ untagged: 'x:2' }, { deleted: image.id }, { deleted: chains[1] }, { deleted: chains[0] }])
  expect(await readStoredImage(context, image.id)).toBeUndefined()
  await expect(remove(context, 'x:2')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND', message: 'No such image: x:2', exitCode: 1 })
})

test('layers that another image has as well are not said to be deleted', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a', 'b'], references: ['docker.io/library/x:1'] })
  await storeImage(context, { layers: ['a', 'c'] })
  // The same layer, but on another one.
  await storeImage(context, { layers: ['c', 'b'] })
  expect(await remove(context, 'x:1')).toEqual([{ untagged: 'x:1' }, { deleted: image.id }, { deleted: chainIds(image.layers.map(({ diffId }) => diffId))[1] }])
})

test('with the last tag of a repository its digests go as well', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a'], references: ['docker.io/library/x:1', 'docker.io/library/y:1'] })
  const pulled = `docker.io/library/x@${image.manifest.digest}`
  await withStoreLock(context, () => writeReference(context, { reference: pulled, image: image.id, digest: image.manifest.digest }))
  expect(await remove(context, 'x:1')).toEqual([{ untagged: 'x:1' }, { untagged: `x@${image.manifest.digest}` }])
  expect(await left(context)).toEqual(['docker.io/library/y:1'])
})

test('by id: one name goes with it, names in several repositories need force', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a'], references: ['docker.io/library/x:1'] })
  await tagImage(context, 'x:1', ['localhost:5000/y'])
  await expect(remove(context, image.id)).rejects.toMatchObject({
    code: 'IMAGE_IN_USE',
    message: `conflict: unable to delete ${image.id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    exitCode: 1,
  })
  await untagImage(context, 'x:1', ['x:1'])
  expect((await remove(context, image.id.slice(7, 19))).slice(0, 2)).toEqual([{ untagged: 'localhost:5000/y:latest' }, { deleted: image.id }])
})

test('what a container uses is kept, unless forced', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a'], references: ['docker.io/library/x:1'] })
  await storeContainer(context, box, image)
  await expect(remove(context, 'x:1')).rejects.toMatchObject({
    message: `conflict: unable to remove repository reference "x:1" (must force) - container cccccccccccc is using its referenced image ${image.id.slice(7, 19)}`,
    exitCode: 1,
  })
  await expect(remove(context, image.id)).rejects.toMatchObject({
    message: `conflict: unable to delete ${image.id.slice(7, 19)} (must be forced) - image is being used by stopped container cccccccccccc`,
  })
  expect(await left(context)).toEqual(['docker.io/library/x:1'])
  await tagImage(context, 'x:1', ['x:2'])
  expect(await remove(context, 'x:2')).toEqual([{ untagged: 'x:2' }])
  // Its layer stays, under the container.
  expect(await remove(context, 'x:1', true)).toEqual([{ untagged: 'x:1' }, { deleted: image.id }])
})

test('a name whose image is gone can be removed', async () => {
  const context = await emptyStore()
  await withStoreLock(context, () =>
    writeReference(context, { reference: 'docker.io/library/x:1', image: `sha256:${'a'.repeat(64)}`, digest: `sha256:${'b'.repeat(64)}` }),
  )
  expect(await remove(context, 'x:1')).toEqual([{ untagged: 'x:1' }])
})

test('tags: moved from image to image, never with a digest', async () => {
  const context = await emptyStore()
  const [one, two] = [
    await storeImage(context, { layers: ['a'], references: ['docker.io/library/x:1'] }),
    await storeImage(context, { layers: ['b'], references: ['docker.io/library/x:2'] }),
  ]
  await tagImage(context, 'x:2', ['x:1', 'ghcr.io/team/app'])
  expect((await listReferences(context)).filter(({ image }) => image === two.id)).toHaveLength(3)
  expect(await readStoredImage(context, one.id)).toEqual(one)
  await expect(tagImage(context, 'x:2', [`x@${one.manifest.digest}`])).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
  await expect(tagImage(context, 'nope', ['x:3'])).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  await expect(untagImage(context, one.id, ['x:2'])).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  expect(await untagImage(context, 'x:2', [])).toHaveLength(3)
  expect(await left(context)).toEqual([])
})

test('of many at once each is told by itself, and a layer goes with the last that has it', async () => {
  const context = await emptyStore()
  const first = await storeImage(context, { layers: ['a', 'b'], references: ['docker.io/library/x:1'] })
  const second = await storeImage(context, { layers: ['a', 'c'], references: ['docker.io/library/x:2', 'docker.io/library/x:3'] })
  const [firstChains, secondChains] = [first, second].map(({ layers }) => chainIds(layers.map(({ diffId }) => diffId))) as [string[], string[]]
  const told: unknown[] = []
  const names = ['x:1', 'x:1', 'x:2', 'x:3']
  const outcomes = await removeImages({ context, names, force: false }, (outcome) => told.push(outcome))
  expect(outcomes).toEqual([
    [{ untagged: 'x:1' }, { deleted: first.id }, { deleted: firstChains[1] }],
    expect.objectContaining({ code: 'IMAGE_NOT_FOUND', message: 'No such image: x:1' }),
    [{ untagged: 'x:2' }],
    [{ untagged: 'x:3' }, { deleted: second.id }, { deleted: secondChains[1] }, { deleted: secondChains[0] }],
  ])
  expect(told).toEqual(outcomes)
  expect(await left(context)).toEqual([])
})

test('what can be removed of many goes, whatever becomes of the others', async () => {
  const context = await emptyStore()
  const used = await storeImage(context, { layers: ['a'], references: ['docker.io/library/x:1'] })
  await storeContainer(context, box, used)
  const free = await storeImage(context, { layers: ['a', 'b'], references: ['docker.io/library/x:2'] })
  const outcomes = await removeImages({ context, names: ['x:1', 'x:2'], force: false })
  // The container, too, keeps a layer.
  expect(outcomes).toMatchObject([{ code: 'IMAGE_IN_USE' }, [{ untagged: 'x:2' }, { deleted: free.id }, { deleted: expect.any(String) }]])
  expect(await left(context)).toEqual(['docker.io/library/x:1'])
})
