import { mkdir, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { blobSize, putBlob } from '../../../lib/image/blobs.ts'
import { type CollectInput, collect } from '../../../lib/image/collect.ts'
import { imagePath, removeStoredImage, whileArriving, withStoreLock } from '../../../lib/image/store.ts'
import type { Context } from '../../../lib/system/context.ts'
import { blobsDir, layersDir, temporaryDir } from '../../../lib/system/paths.ts'
import { digest, emptyStore } from '../../helpers/archives.ts'
import { names, storeImage } from '../../helpers/store.ts'

const collector = (context: Context, inUse: string[] | 'unknown' = []): CollectInput => ({
  context,
  layersInUse: async () => (inUse === 'unknown' ? undefined : new Set(inUse)),
  removeTrees: (paths) => Promise.all(paths.map((path) => rm(path, { recursive: true }))).then(() => undefined),
})

test('what images name stays, everything else goes', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a', 'b'] })
  const before = await names(blobsDir(context.paths))
  await putBlob(context, Buffer.from('nobody wants this'))
  await mkdir(`${layersDir(context.paths)}/${'e'.repeat(64)}/diff`, { recursive: true })
  const garbage = await collect(collector(context))
  expect(garbage).toMatchObject({ blobs: [digest('nobody wants this')], layers: [`sha256:${'e'.repeat(64)}`] })
  expect(await names(blobsDir(context.paths))).toEqual(before)
  expect(await names(layersDir(context.paths))).toEqual(image.layers.map(({ diffId }) => diffId.slice(7)).sort())
  expect(await names(temporaryDir(context.paths))).toEqual([])
})

test('layers shared with an image that stays, or under a container, are kept', async () => {
  const context = await emptyStore()
  const [gone, kept] = [await storeImage(context, { layers: ['shared', 'under', 'alone'] }), await storeImage(context, { layers: ['shared'] })]
  await withStoreLock(context, () => removeStoredImage(context, gone.id))
  const [shared, under, alone] = gone.layers.map(({ diffId }) => diffId)
  expect((await collect(collector(context, [under!])))!.layers).toEqual([alone])
  expect(await names(layersDir(context.paths))).toEqual([shared!, under!].map((diffId) => diffId.slice(7)).sort())
  expect(await blobSize(context, kept.layers[0]!.blob)).toBe('shared'.length)
  expect(await blobSize(context, gone.layers[1]!.blob)).toBeUndefined()
})

test('nothing is collected while an image is arriving, and what it leaves after a crash is collected afterwards', async () => {
  const context = await emptyStore()
  await mkdir(temporaryDir(context.paths))
  await writeFile(`${temporaryDir(context.paths)}/image-0123`, 'half a blob')
  await mkdir(`${temporaryDir(context.paths)}/image-layer-0123/diff`, { recursive: true })
  await writeFile(`${temporaryDir(context.paths)}/image-lock-0123`, '')
  await writeFile(`${temporaryDir(context.paths)}/volume-0123`, "somebody else's")
  const blob = await putBlob(context, Buffer.from('on its way'))
  await whileArriving(context, async () => {
    expect(await collect(collector(context))).toBeUndefined()
  })
  expect(await blobSize(context, blob)).toBe('on its way'.length)
  expect(await collect(collector(context))).toMatchObject({
    blobs: [blob],
    files: [expect.stringContaining('image-0123')],
    folders: [expect.stringContaining('image-layer-0123')],
  })
  expect(await names(temporaryDir(context.paths))).toEqual(['volume-0123'])
})

test('a record that says nothing takes nothing with it', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a'] })
  const before = [await names(blobsDir(context.paths)), await names(layersDir(context.paths))]
  for (const text of ['{', '{}', 'null', JSON.stringify({ ...image, id: 'sha256:other' })]) {
    await writeFile(imagePath(context, image.id), text)
    expect(await collect(collector(context))).toMatchObject({ blobs: [], layers: [] })
  }
  expect([await names(blobsDir(context.paths)), await names(layersDir(context.paths))]).toEqual(before)
  await rm(imagePath(context, image.id))
  expect((await collect(collector(context, 'unknown')))!.layers).toEqual([])
  expect((await collect(collector(context)))!.layers).toHaveLength(1)
})

test('an empty store has nothing to collect', async () => {
  expect(await collect(collector(await emptyStore()))).toEqual({ blobs: [], layers: [], files: [], folders: [], locks: [] })
})
