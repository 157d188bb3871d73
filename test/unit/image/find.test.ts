import { beforeEach, expect, test } from 'vitest'
import { findImage, matchImage } from '../../../lib/image/find.ts'
import type { StoredImage } from '../../../lib/image/store.ts'
import type { Context } from '../../../lib/system/context.ts'
import { emptyStore } from '../../helpers/archives.ts'
import { storeImage } from '../../helpers/store.ts'

let context: Context
let images: StoredImage[]

beforeEach(async () => {
  context = await emptyStore()
  images = []
  // Seventeen ids, of which two at least begin with the same digit.
  for (let at = 0; at < 17; at++) images.push(await storeImage(context, { layers: [`layer ${at}`], references: at === 0 ? ['docker.io/library/app:v1'] : [] }))
})

const digits = (image: StoredImage) => image.id.slice('sha256:'.length)

test('a name, an id, and the beginning of one', async () => {
  const [image] = images as [StoredImage]
  for (const name of ['app:v1', 'docker.io/library/app:v1', image.id, digits(image), digits(image).slice(0, 12), `sha256:${digits(image).slice(0, 12)}`]) {
    expect((await findImage(context, name)).id, name).toBe(image.id)
  }
  expect((await matchImage(context, 'app:v1'))?.reference?.reference).toBe('docker.io/library/app:v1')
  expect((await matchImage(context, image.id))?.reference).toBeUndefined()
})

test('the beginning of several is of none', async () => {
  const first = images.map(digits).map((id) => id[0]!)
  const shared = first.find((digit, at) => first.indexOf(digit) !== at)!
  const count = first.filter((digit) => digit === shared).length
  await expect(matchImage(context, shared)).rejects.toMatchObject({
    code: 'IMAGE_AMBIGUOUS',
    exitCode: 1,
    message: `image id ${shared} is ambiguous: ${count} images begin with it`,
  })
})

test('what is not there', async () => {
  expect(await matchImage(context, 'app:v2')).toBeUndefined()
  for (const name of ['app', 'nothing:v1', `sha256:${'0'.repeat(64)}`, `app@sha256:${'0'.repeat(64)}`]) {
    await expect(findImage(context, name), name).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND', exitCode: 1 })
  }
  await expect(findImage(context, 'UPPER')).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
})

test('of tag and digest the digest decides', async () => {
  const [image, other] = images as [StoredImage, StoredImage]
  expect((await findImage(context, `app:v1@${image.manifest.digest}`)).id).toBe(image.id)
  await expect(findImage(context, `app:v1@${other.manifest.digest}`)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
})
