import { expect, test } from 'vitest'
import { parseFilters } from '../../../lib/cli/filters.ts'
import { checkImageFilters, filterImages, imageFilterNames } from '../../../lib/cli/image-filters.ts'
import type { Image } from '../../../lib/image/image.ts'

const now = Date.parse('2026-05-04T12:00:00Z')

const image = (references: string[], created: string, Labels: Record<string, string> = {}, repoDigests: string[] = []): Image => ({
  id: `sha256:${'a'.repeat(64)}`,
  manifestDigest: '',
  configuration: { created, os: 'linux', architecture: 'amd64', config: { Labels }, rootfs: { type: 'layers', diff_ids: [] } },
  layers: [],
  size: 0,
  references,
  repoDigests,
})

const used = `sha256:${'b'.repeat(64)}`

const images = [
  image(['busybox:1', 'localhost:5000/team/app:v1'], '2026-05-03T00:00:00Z', { a: '1', b: '' }),
  // The same as 2026-05-02T00:00:00Z.
  { ...image(['alpine:3'], '2026-05-02T02:00:00.000+02:00', { a: '2' }), id: used, manifestDigest: `sha256:${'e'.repeat(64)}` },
  image([], '2026-05-01T00:00:00Z', {}, [`busybox@sha256:${'d'.repeat(64)}`]),
]

async function names(...entries: string[]): Promise<string[][]> {
  const filters = parseFilters(entries, imageFilterNames)
  checkImageFilters(filters)
  const createdOf = async (name: string) => images.find(({ references }) => references.includes(name))!.configuration.created!
  return (await filterImages(images, filters, { createdOf, inUse: async () => new Set([used]), now })).map(({ references }) => references)
}

test('each filter keeps what it says', async () => {
  expect(await names()).toHaveLength(3)
  expect(await names('dangling=true')).toEqual([[]])
  expect(await names('dangling=false')).toHaveLength(2)
  expect(await names('label=a')).toHaveLength(2)
  expect(await names('label=a=1')).toEqual([['busybox:1', 'localhost:5000/team/app:v1']])
  expect(await names('label=a', 'label=b')).toHaveLength(1)
  expect(await names('label!=a')).toEqual([[]])
  expect(await names('before=busybox:1')).toEqual([['alpine:3'], []])
  expect(await names('since=alpine:3')).toEqual([['busybox:1', 'localhost:5000/team/app:v1']])
  expect(await names('until=37h')).toEqual([['alpine:3'], []])
  expect(await names(`id=${'a'.repeat(12)}`)).toHaveLength(2)
  expect(await names(`id=sha256:${'b'.repeat(3)}`)).toEqual([['alpine:3']])
})

test("podman's filters", async () => {
  expect(await names('after=alpine:3')).toEqual([['busybox:1', 'localhost:5000/team/app:v1']])
  expect(await names('containers=true')).toEqual([['alpine:3']])
  expect(await names('containers=false')).toHaveLength(2)
  expect(await names('digest=sha256:eee')).toEqual([['alpine:3']])
  for (const name of ['intermediate', 'manifest', 'readonly']) {
    expect(await names(`${name}=true`)).toEqual([])
    expect(await names(`${name}=false`)).toHaveLength(3)
  }
  expect(await names('reference!=busybox', 'dangling=false')).toEqual([['alpine:3']])
})

test('of a reference only the names that fit are left', async () => {
  expect(await names('reference=busybox')).toEqual([['busybox:1'], []])
  expect(await names('reference=*:3')).toEqual([['alpine:3']])
  expect(await names('reference=localhost:5000/team/app')).toEqual([['localhost:5000/team/app:v1']])
  expect(await names('reference=*/*/*:v1')).toEqual([['localhost:5000/team/app:v1']])
  expect(await names('reference=busy*', 'reference=al*')).toEqual([['busybox:1'], ['alpine:3'], []])
  expect(await names('reference=nothing')).toEqual([])
})

test('nonsense is refused', async () => {
  for (const entry of ['dangling=maybe', 'readonly=2', 'reference=[', 'colour=red', 'until=yesterday-ish', 'dangling'])
    await expect(names(entry)).rejects.toMatchObject({ code: 'USAGE' })
})
