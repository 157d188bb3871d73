import { expect, test } from 'vitest'
import { imageRows } from '../../../lib/cli/image-row.ts'
import { sortRows } from '../../../lib/cli/image-sort.ts'
import type { Image } from '../../../lib/image/image.ts'

const image = (id: string, size: number, references: string[]): Image => ({
  id: `sha256:${id.repeat(64)}`,
  manifestDigest: '',
  configuration: { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } },
  layers: [],
  size,
  references,
  repoDigests: [],
})

/** As `images` gives them: newest first. */
const pairs = [image('c', 20, ['b:2', 'a:3']), image('a', 30, ['c:1']), image('b', 10, [])].flatMap((each) =>
  imageRows(each, { digests: false, truncate: true, now: 0 }).map((row) => ({ image: each, row })),
)

test.each([
  ['created', ['b:2', 'a:3', 'c:1', '<none>:<none>']],
  ['id', ['c:1', '<none>:<none>', 'b:2', 'a:3']],
  ['repository', ['<none>:<none>', 'a:3', 'b:2', 'c:1']],
  ['size', ['<none>:<none>', 'b:2', 'a:3', 'c:1']],
  ['tag', ['c:1', 'b:2', 'a:3', '<none>:<none>']],
])('by %s', (key, names) => {
  expect(sortRows(pairs, key).map(({ row }) => `${row.Repository}:${row.Tag}`)).toEqual(names)
})
