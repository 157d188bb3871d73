import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Archive } from '../../../lib/image/archive.ts'
import { dockerImage, readSavedImages } from '../../../lib/image/archive-docker.ts'
import { openFolder } from '../../../lib/image/archive-folder.ts'
import { openArchiveBlob } from '../../../lib/image/archive-image.ts'
import { ociImages } from '../../../lib/image/archive-oci.ts'
import { spoolTar } from '../../../lib/image/archive-spool.ts'
import { collected, configuration, digest, emptyStore, hex, inPieces, type TarMember, tar } from '../../helpers/archives.ts'

const host = { wanted: { os: 'linux', architecture: 'amd64' }, explicit: false }
const arm = { wanted: { os: 'linux', architecture: 'arm64' }, explicit: true }
const layer = tar([{ path: 'hello', content: 'lichen' }])

async function archiveOf(members: readonly TarMember[]): Promise<Archive> {
  return spoolTar(await emptyStore(), inPieces(tar(members), 65536))
}

interface Blob {
  mediaType: string
  digest: string
  size: number
  bytes: Buffer
}

const blob = (mediaType: string, bytes: Uint8Array | string): Blob => ({
  mediaType,
  digest: digest(bytes),
  size: Buffer.from(bytes).length,
  bytes: Buffer.from(bytes),
})
const describe = ({ mediaType, digest, size }: Blob, more: object = {}) => ({ mediaType, digest, size, ...more })
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'

function image(architecture = 'amd64', typed = true): { manifest: Blob; blobs: Blob[]; config: Blob } {
  const bottom = blob('application/vnd.oci.image.layer.v1.tar', layer)
  const config = blob('application/vnd.oci.image.config.v1+json', configuration([digest(layer)], { architecture }))
  const document = { schemaVersion: 2, ...(typed ? { mediaType: manifestType } : {}), config: describe(config), layers: [describe(bottom)] }
  const manifest = blob(manifestType, JSON.stringify(document))
  return { manifest, blobs: [bottom, config, manifest], config }
}

const index = (manifests: object[]) => JSON.stringify({ schemaVersion: 2, manifests })
const members = (blobs: readonly Blob[]): TarMember[] => blobs.map(({ digest, bytes }) => ({ path: `blobs/${digest.replace(':', '/')}`, content: bytes }))
const named = (name: string) => ({ annotations: { 'org.opencontainers.image.ref.name': name } })

test('an OCI layout: one image a name, and several names for one', async () => {
  const { manifest, blobs } = image('amd64', false)
  const descriptors = [
    describe(manifest, named('busybox:1')),
    describe(manifest, { annotations: { 'io.containerd.image.name': 'docker.io/library/busybox:2', 'org.opencontainers.image.ref.name': '2' } }),
  ]
  const archive = await archiveOf([{ path: 'index.json', content: index(descriptors) }, { path: 'oci-layout', content: '{}' }, ...members(blobs)])
  const [only, ...more] = await ociImages(archive, host)
  expect(more).toEqual([])
  expect(only!.references).toEqual(['docker.io/library/busybox:1', 'docker.io/library/busybox:2'])
  expect(Buffer.from(only!.manifestBytes)).toEqual(manifest.bytes)
  expect(only!.mediaType).toBe(manifestType)
  expect(digest(await collected(openArchiveBlob(only!, only!.manifest.layers[0]!)))).toBe(digest(layer))
  await archive.close()
})

test('an OCI layout without a name gives an image without one; a word that is no name is left out', async () => {
  const { manifest, blobs } = image()
  for (const more of [{}, named('Not A Name')]) {
    const archive = await archiveOf([{ path: 'index.json', content: index([describe(manifest, more)]) }, ...members(blobs)])
    expect((await ociImages(archive, host)).map(({ references }) => references)).toEqual([[]])
    await archive.close()
  }
})

test('of several platforms, nested or not, the fitting one', async () => {
  const [amd, other] = [image('amd64'), image('arm64')]
  const both = [
    describe(other.manifest, { platform: { os: 'linux', architecture: 'arm64' } }),
    describe(amd.manifest, { platform: { os: 'linux', architecture: 'amd64' } }),
  ]
  const attested = describe(blob(manifestType, '{}'), { platform: { os: 'unknown', architecture: 'unknown' } })
  const inner = blob(indexType, JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [...both, attested] }))
  const middle = blob(indexType, JSON.stringify({ schemaVersion: 2, manifests: [describe(inner)] }))
  const all = members([...amd.blobs, ...other.blobs, inner, middle])
  for (const top of [both.map((entry) => ({ ...entry, ...named('x:1') })), [describe(middle, named('x:1'))], both]) {
    const archive = await archiveOf([...all, { path: 'index.json', content: index(top) }])
    expect((await ociImages(archive, host)).map(({ manifest }) => manifest.config.digest)).toEqual([amd.config.digest])
    expect((await ociImages(archive, arm)).map(({ manifest }) => manifest.config.digest)).toEqual([other.config.digest])
    await expect(ociImages(archive, { wanted: { os: 'linux', architecture: 's390x' }, explicit: true })).rejects.toMatchObject({ code: 'NO_SUCH_PLATFORM' })
    await archive.close()
  }
})

test('an index whose other manifests were not saved gives the one that is there', async () => {
  const other = image('arm64')
  const gone = image('amd64')
  const manifests = [
    describe(gone.manifest, { platform: { os: 'linux', architecture: 'amd64' } }),
    describe(other.manifest, { platform: { os: 'linux', architecture: 'arm64' } }),
  ]
  const inner = blob(indexType, JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
  const archive = await archiveOf([...members([...other.blobs, inner]), { path: 'index.json', content: index([describe(inner)]) }])
  expect((await ociImages(archive, host))[0]!.manifest.config.digest).toBe(other.config.digest)
  await archive.close()
})

test('missing, tampered and absurd blobs are told', async () => {
  const { manifest, blobs } = image()
  const cases: [TarMember[], string][] = [
    [[{ path: 'index.json', content: index([describe(manifest)]) }], 'BLOB_MISSING'],
    [
      [
        { path: 'index.json', content: index([describe(manifest)]) },
        { path: `blobs/sha256/${hex(manifest.bytes)}`, content: '{}' },
      ],
      'BLOB_MISMATCH',
    ],
    [[{ path: 'index.json', content: index([{ ...describe(manifest), digest: 'sha256:../../x' }]) }], 'BAD_DIGEST'],
    [[{ path: 'index.json', content: '{"schemaVersion":2,"manifests":[' }], 'BAD_MANIFEST'],
    [[{ path: 'index.json', content: manifest.bytes }], 'BAD_ARCHIVE'],
  ]
  for (const [content, code] of cases) {
    const archive = await archiveOf(content)
    await expect(ociImages(archive, host)).rejects.toMatchObject({ code })
    await archive.close()
  }
  const archive = await archiveOf([{ path: 'index.json', content: index([describe(manifest)]) }, ...members(blobs.slice(1))])
  const [only] = await ociImages(archive, host)
  await expect(collected(openArchiveBlob(only!, only!.manifest.layers[0]!))).rejects.toMatchObject({ code: 'BLOB_MISSING' })
  await archive.close()
})

test('a folder is read like an archive, and no link leads out of it', async () => {
  const { manifest, blobs } = image()
  const context = await emptyStore()
  const folder = `${context.paths.data}/layout`
  await mkdir(`${folder}/blobs/sha256`, { recursive: true })
  for (const { digest, bytes } of blobs) await writeFile(`${folder}/blobs/${digest.replace(':', '/')}`, bytes)
  await writeFile(`${folder}/index.json`, index([describe(manifest, named('x'))]))
  await writeFile(`${context.paths.data}/secret`, 'secret')
  await symlink('../secret', `${folder}/out`)
  const archive = openFolder(folder)
  expect((await ociImages(archive, host))[0]!.references).toEqual(['docker.io/library/x:latest'])
  expect(await archive.find('out')).toBeUndefined()
  await expect(archive.find('../secret')).rejects.toMatchObject({ code: 'BAD_ARCHIVE' })
  await expect(archive.find('blobs')).rejects.toMatchObject({ code: 'BAD_ARCHIVE' })
})

const saved = (entries: object[]): TarMember => ({ path: 'manifest.json', content: JSON.stringify(entries) })

test('docker save: the id is that of the configuration as it is, the manifest always the same', async () => {
  const config = configuration([digest(layer), digest(layer)], { history: [{ created_by: 'me' }], odd: 'kept' })
  const entries: TarMember[] = [
    { path: 'a/layer.tar', content: layer },
    { path: 'b/layer.tar', type: '2', link: '../a/layer.tar' },
    { path: `${hex(config)}.json`, content: config },
    saved([{ Config: `${hex(config)}.json`, RepoTags: ['busybox:latest', 'localhost:5000/x:1'], Layers: ['a/layer.tar', 'b/layer.tar'] }]),
  ]
  const seen = new Set<string>()
  for (const order of [entries, entries.toReversed()]) {
    const archive = await archiveOf(order)
    const [entry] = (await readSavedImages(archive))!
    const image = await dockerImage(archive, entry!)
    expect(image.manifest.config.digest).toBe(digest(config))
    expect(image.manifest.layers.map((descriptor) => descriptor.digest)).toEqual([digest(layer), digest(layer)])
    expect(image.references).toEqual(['docker.io/library/busybox:latest', 'localhost:5000/x:1'])
    expect(digest(await collected(openArchiveBlob(image, image.manifest.config)))).toBe(digest(config))
    seen.add(digest(image.manifestBytes))
    await archive.close()
  }
  expect(seen.size).toBe(1)
})

test('docker-archives with compressed layers, as crane and kaniko write them', async () => {
  const compressed = gzipSync(layer)
  const config = configuration([digest(layer)])
  const archive = await archiveOf([
    { path: digest(config), content: config },
    { path: `${hex(compressed)}.tar.gz`, content: compressed },
    saved([{ Config: digest(config), RepoTags: null, Layers: [`${hex(compressed)}.tar.gz`] }]),
  ])
  const image = await dockerImage(archive, (await readSavedImages(archive))![0]!)
  expect(image.manifest.layers).toEqual([{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest(compressed), size: compressed.length }])
  expect(image.references).toEqual([])
  await archive.close()
})

test('a docker-archive that does not add up is told', async () => {
  const config = configuration([digest(layer)])
  const cases: [TarMember[], string][] = [
    [[saved([{ Config: 'gone.json', Layers: [] }])], 'BAD_ARCHIVE'],
    [[{ path: 'c.json', content: config }, saved([{ Config: 'c.json', Layers: ['gone/layer.tar'] }])], 'BAD_ARCHIVE'],
    [[{ path: 'c.json', content: config }, saved([{ Config: 'c.json', Layers: [] }])], 'BAD_MANIFEST'],
    [[{ path: 'c.json', content: config }, saved([{ Config: 'c.json', Layers: ['../../../etc/shadow'] }])], 'BAD_ARCHIVE'],
    [[{ path: 'manifest.json', content: '[{"Config": 5}]' }], 'BAD_ARCHIVE'],
    [[{ path: 'manifest.json', content: '[null]' }], 'BAD_ARCHIVE'],
    [[{ path: 'manifest.json', content: 'nope' }], 'BAD_ARCHIVE'],
  ]
  for (const [content, code] of cases) {
    const archive = await archiveOf(content)
    await expect(readSavedImages(archive).then((entries) => dockerImage(archive, entries![0]!))).rejects.toMatchObject({ code })
    await archive.close()
  }
})
