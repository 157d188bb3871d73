import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { digestOf, type MadeImage, makeImage } from '../helpers/oci-image.ts'
import { useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFolder } from '../helpers/registry-setup.ts'
import { must } from '../helpers/run.ts'

const newBox = useRegistryBoxes()
const folder = useFolder('places')
let image: MadeImage

beforeAll(async () => {
  image = await makeImage(join(folder.path, 'layout'), { layers: [{ 'etc/': '', 'etc/one': '1' }, { 'etc/two': '2' }], tag: 'v1' })
  const copy = (target: string) => must('skopeo', ['copy', '--preserve-digests', `oci:${image.folder}:v1`, target])
  await copy(`dir:${join(folder.path, 'dir')}`)
  await copy(`oci-archive:${join(folder.path, 'an-archive.tar')}:v7`)
  await must('skopeo', ['copy', `oci:${image.folder}:v1`, `docker-archive:${join(folder.path, 'docker.tar')}:example.com/team/app:v3`])
})

const inspected = '{{.Id}} {{json .RepoTags}}'

describe('pull', () => {
  test.each([
    ['oci', 'oci:layout:v1', 'localhost/layout:v1'],
    ['oci, the only image in it', 'oci:layout', 'localhost/layout:v1'],
    ['oci-archive', 'oci-archive:an-archive.tar', 'localhost/an-archive:v7'],
    ['docker-archive', 'docker-archive:docker.tar', 'example.com/team/app:v3'],
    ['dir', 'dir:dir', 'localhost/dir:latest'],
  ])('%s', async (_, place, name) => {
    const box = await newBox()
    const path = place.replace(':', `:${folder.path}/`)
    const lines = (await box.ok('pull', path)).split('\n')
    expect(lines.slice(-2)).toEqual([`Status: Downloaded newer image for ${name}`, name])
    expect(await box.ok('inspect', '--format', inspected, name)).toBe(`${image.configDigest} ["${name}"]`)
    if (!place.startsWith('docker')) expect(lines.at(-3)).toBe(`Digest: ${image.manifestDigest}`)
    expect(await box.ok('pull', path)).toContain(`Status: Image is up to date for ${name}`)
    expect(await box.ok('pull', '-q', path)).toBe(name)
  })

  test('a folder of this name, or an image of this name', async () => {
    const box = await newBox()
    expect(await box.fails('pull', 'oci:v1')).toContain('docker.io')
    await cp(image.folder, join(box.files, 'v1'), { recursive: true })
    await must('chown', ['-R', `${box.user.uid}:${box.user.gid}`, join(box.files, 'v1')])
    expect(await box.ok('pull', '-q', 'oci:v1')).toBe('localhost/v1:v1')
  })

  test('what is not there', async () => {
    const box = await newBox()
    expect(await box.fails('pull', `oci:${folder.path}/layout:v2`)).toContain(`${folder.path}/layout: it has no image called "v2"`)
    expect(await box.lichen('pull', `oci:${folder.path}/nope`)).toMatchObject({
      stderr: expect.stringMatching(/^Error: open .*\/nope: no such file or directory\n/),
    })
    expect(await box.fails('pull', `dir:${folder.path}/layout/blobs`)).toContain('it is no image archive')
    expect(await box.images()).toEqual([])
  })
})

describe('push', () => {
  test('to a layout, a second time beside the first; umoci and skopeo take it', async () => {
    const box = await newBox()
    await box.ok('pull', '-q', `oci:${image.folder}:v1`)
    const target = join(box.files, 'out')
    expect(await box.ok('push', 'localhost/layout:v1', `oci:${target}:v5`)).toBe(`oci:${target}:v5: digest: ${image.manifestDigest}`)
    await box.ok('push', 'localhost/layout:v1', `oci:${target}`)
    await box.ok('push', 'localhost/layout:v1', `oci:${target}`)
    for (const tag of ['v5', 'v1']) {
      const { stdout } = await must('skopeo', ['inspect', '--raw', `oci:${target}:${tag}`])
      expect(digestOf(stdout)).toBe(image.manifestDigest)
      await must('umoci', ['unpack', '--rootless', '--image', `${target}:${tag}`, join(folder.path, `bundle-${tag}`)])
    }
    expect((JSON.parse(await readFile(join(target, 'index.json'), 'utf8')) as { manifests: unknown[] }).manifests).toHaveLength(2)
  })

  test.each(['oci-archive:x.tar', 'docker-archive:x.tar', 'dir:x'])('to %s, and back', async (place) => {
    const box = await newBox()
    await box.ok('pull', '-q', `oci:${image.folder}:v1`)
    const target = place.replace(':', `:${box.files}/`)
    await box.ok('push', 'localhost/layout:v1', target)
    const { stdout } = await must('skopeo', ['inspect', '--raw', target])
    if (!place.startsWith('docker')) expect(digestOf(stdout)).toBe(image.manifestDigest)
    await box.ok('rmi', 'localhost/layout:v1')
    const name = place.startsWith('dir') ? 'localhost/x:latest' : 'localhost/layout:v1'
    expect(await box.ok('pull', '-q', target)).toBe(name)
    expect(await box.ok('inspect', '--format', '{{.Id}}', name)).toBe(image.configDigest)
  })

  test('not over what is something else', async () => {
    const box = await newBox()
    await box.ok('pull', '-q', `oci:${image.folder}:v1`)
    expect(await box.fails('push', 'localhost/layout:v1', `dir:${box.home}`)).toContain('holds something else than an image')
    expect(await box.fails('push', 'localhost/layout:v1', 'oci:/proc/nope/x')).toContain("can't be written")
  })
})
