import { expect, test } from 'vitest'
import { historyRows } from '../../../lib/cli/history-row.ts'
import { imageHeads, imageRows, imageTable, imageTableWithDigests } from '../../../lib/cli/image-row.ts'
import { formatList } from '../../../lib/cli/list-format.ts'
import type { Image } from '../../../lib/image/image.ts'

const now = Date.parse('2026-05-04T12:00:00Z')
const digest = `sha256:${'d'.repeat(64)}`

const image = (more: Partial<Image>): Image => ({
  id: `sha256:${'0123456789ab'.padEnd(64, 'c')}`,
  manifestDigest: digest,
  configuration: { created: '2026-05-02T12:00:00Z', os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } },
  layers: [],
  size: 4_261_550,
  references: ['busybox:latest'],
  repoDigests: [],
  ...more,
})

const lines = (images: Image[], digests = false) =>
  formatList(
    images.flatMap((entry) => imageRows(entry, { digests, truncate: true, now })),
    { format: '', table: digests ? imageTableWithDigests : imageTable, heads: imageHeads },
  )

test('the table of images reads as Docker prints it', () => {
  expect(lines([image({ references: ['busybox:1.36', 'localhost:5000/team/app:v1'] }), image({ references: [], size: 0 })])).toEqual([
    'REPOSITORY                TAG       IMAGE ID       CREATED      SIZE',
    'busybox                   1.36      0123456789ab   2 days ago   4.26MB',
    'localhost:5000/team/app   v1        0123456789ab   2 days ago   4.26MB',
    '<none>                    <none>    0123456789ab   2 days ago   0B',
  ])
})

test('digests have lines of their own only where they are asked for', () => {
  const pulled = image({ repoDigests: [`busybox@${digest}`, `other@${digest}`] })
  const cells = (digests: boolean) => imageRows(pulled, { digests, truncate: true, now }).map(({ Repository, Tag, Digest }) => [Repository, Tag, Digest])
  expect(cells(false)).toEqual([
    ['busybox', 'latest', '<none>'],
    ['other', '<none>', '<none>'],
  ])
  expect(cells(true)).toEqual([
    ['busybox', 'latest', digest],
    ['other', '<none>', digest],
  ])
  expect(lines([pulled], true)[0]).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE$/)
})

test('an unknown time of creation is not the year 1', () => {
  for (const created of ['', '0001-01-01T00:00:00Z', 'nonsense']) {
    const [row] = imageRows(image({ configuration: { ...image({}).configuration, created } }), { digests: false, truncate: false, now })
    expect([row!.CreatedSince, row!.CreatedAt]).toEqual(['N/A', 'N/A'])
    expect(row!.ID).toMatch(/^sha256:[0-9a-f]{64}$/)
  }
})

test('history: newest first, layers beside the steps that made them', () => {
  const rows = historyRows(
    {
      id: image({}).id,
      created: '2026-05-02T12:00:00Z',
      sizes: [1000, 20],
      history: [
        { created: '2026-05-01T12:00:00Z', created_by: 'ADD file:abc in /' },
        { created: '2026-05-02T12:00:00Z', created_by: 'CMD ["sh"]', empty_layer: true, comment: 'buildkit' },
        { created: '2026-05-03T12:00:00Z', created_by: `RUN ${'x'.repeat(60)}` },
      ],
    },
    { truncate: true, human: true, now },
  )
  expect(rows.map(({ ID, CreatedSince, CreatedBy, Size, Comment }) => [ID, CreatedSince, CreatedBy, Size, Comment])).toEqual([
    ['0123456789ab', '24 hours ago', `RUN ${'x'.repeat(40)}…`, '20B', ''],
    ['<missing>', '2 days ago', 'CMD ["sh"]', '0B', 'buildkit'],
    ['<missing>', '3 days ago', 'ADD file:abc in /', '1kB', ''],
  ])
})

test('layers without a history are shown all the same', () => {
  const rows = historyRows({ id: image({}).id, created: '', sizes: [5, 6], history: [] }, { truncate: false, human: false, now })
  expect(rows.map(({ Size, CreatedSince }) => [Size, CreatedSince])).toEqual([
    ['6', 'N/A'],
    ['5', 'N/A'],
  ])
})
