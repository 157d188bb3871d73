import { execFileSync } from 'node:child_process'
import { unlink } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { dockerImage, readSavedImages } from '../../../lib/image/archive-docker.ts'
import { ociImages } from '../../../lib/image/archive-oci.ts'
import { spoolTar } from '../../../lib/image/archive-spool.ts'
import { blobPath } from '../../../lib/image/blobs.ts'
import { imagesToSave, saveArchive } from '../../../lib/image/save-archive.ts'
import { writeTar } from '../../../lib/image/tar-writer.ts'
import { collected, digest, emptyStore } from '../../helpers/archives.ts'
import { storeImage } from '../../helpers/store.ts'

const host = { wanted: { os: 'linux', architecture: 'amd64' }, explicit: false }

test('an archive is the same bytes each time, and its two sides tell of the same images', async () => {
  const context = await emptyStore()
  const one = await storeImage(context, { layers: ['a', 'b'], references: ['docker.io/library/x:1', 'docker.io/library/x:2'] })
  const two = await storeImage(context, { layers: ['a'], references: ['localhost:5000/team/y:v1'] })
  const savings = await imagesToSave(context, ['x', 'localhost:5000/team/y:v1'])
  const bytes = await collected(saveArchive(context, savings, 'docker-archive'))
  expect(digest(await collected(saveArchive(context, savings, 'docker-archive')))).toBe(digest(bytes))

  const archive = await spoolTar(await emptyStore(), saveArchive(context, savings, 'docker-archive'))
  const oci = await ociImages(archive, host)
  expect(oci.map((image) => [image.digest, image.references])).toEqual([
    [one.manifest.digest, ['docker.io/library/x:1', 'docker.io/library/x:2']],
    [two.manifest.digest, ['localhost:5000/team/y:v1']],
  ])
  const docker = await Promise.all((await readSavedImages(archive))!.map((saved) => dockerImage(archive, saved)))
  expect(docker.map(({ manifest, references }) => [manifest.config.digest, references])).toEqual([
    [one.id, ['docker.io/library/x:1', 'docker.io/library/x:2']],
    [two.id, ['localhost:5000/team/y:v1']],
  ])
  await archive.close()
})

test('an OCI archive has no manifest.json, and whole names where skopeo and podman look for them', async () => {
  const context = await emptyStore()
  await storeImage(context, { layers: ['a'], references: ['docker.io/library/x:1'] })
  const archive = await spoolTar(await emptyStore(), saveArchive(context, await imagesToSave(context, ['x:1']), 'oci-archive'))
  expect(await readSavedImages(archive)).toBeUndefined()
  const index = JSON.parse((await collected((await archive.find('index.json'))!.stream())).toString())
  expect(index.manifests[0].annotations).toMatchObject({ 'org.opencontainers.image.ref.name': 'x:1' })
  await archive.close()
})

test('an image given by its id has no name in the archive', async () => {
  const context = await emptyStore()
  const { id } = await storeImage(context, { layers: ['a'], references: ['docker.io/library/x:1'] })
  expect((await imagesToSave(context, [id])).map(({ references }) => references)).toEqual([[]])
  expect((await imagesToSave(context, [id.slice(7, 19), 'x:1'])).map(({ references }) => references)).toEqual([['docker.io/library/x:1']])
  await expect(imagesToSave(context, ['x:2'])).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
})

test('a blob that is gone is told before anything is written', async () => {
  const context = await emptyStore()
  const image = await storeImage(context, { layers: ['a'] })
  await unlink(blobPath(context, image.layers[0]!.blob))
  await expect(collected(saveArchive(context, await imagesToSave(context, [image.id]), 'docker-archive'))).rejects.toMatchObject({ code: 'BLOB_MISSING' })
})

test('what is written as a tar is one', async () => {
  const bytes = await collected(
    writeTar([
      { path: 'a/', size: 0 },
      { path: 'a/b', size: 3, content: [Buffer.from('xyz')] },
    ]),
  )
  // GNU tar is the judge.
  const listing = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', '-'], { input: bytes, encoding: 'utf8' })
  expect(
    listing
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/).join(' ')),
  ).toEqual(['drwxr-xr-x 0/0 0 1970-01-01 00:00 a/', '-rw-r--r-- 0/0 3 1970-01-01 00:00 a/b'])
  expect(execFileSync('tar', ['-xOf', '-', 'a/b'], { input: bytes, encoding: 'utf8' })).toBe('xyz')
  await expect(collected(writeTar([{ path: 'a', size: 2, content: [Buffer.from('x')] }]))).rejects.toThrow('1 bytes in place of 2')
  const { value } = await writeTar([{ path: 'large', size: 9_000_000_000 }]).next()
  expect(Buffer.from(value!).readBigUInt64BE(128)).toBe(9_000_000_000n)
})
