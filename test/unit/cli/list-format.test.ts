import { describe, expect, it } from 'vitest'
import { containerRaw } from '../../../lib/cli/container-row.ts'
import { imageRaw } from '../../../lib/cli/image-row.ts'
import { formatList } from '../../../lib/cli/list-format.ts'

const heads = { Name: 'NAME', Size: 'SIZE' }
const rows = [{ Size: '1.2MB', Name: '<none>', Label: () => '' }]
const list = (format: string) => formatList(rows, { format, table: '{{.Name}}\t{{.Size}}', heads })

// What Docker 26 prints.
it.each([
  ['json', ['{"Name":"\\u003cnone\\u003e","Size":"1.2MB"}']],
  ['{{json .}}', ['{"Name":"\\u003cnone\\u003e","Size":"1.2MB"}']],
  ['{{json .Name}}', ['"<none>"']],
  ['table {{json .Name}}\t{{lower .Size}}', ['NAME       SIZE', '"<none>"   1.2mb']],
  ['table {{truncate .Name 2}}\t{{.Size | upper}}', ['NAME      SIZE', '<n        1.2MB']],
])('a list by --format %s', (format, lines) => {
  expect(list(format)).toEqual(lines)
})

it('a row may have other JSON than its fields', () => {
  const row = { Official: '[OK]', toJSON: () => ({ Official: 'true' }) }
  expect(formatList([row], { format: '{{.Official}} {{json .}}', table: '', heads: {} })).toEqual(['[OK] {"Official":"true"}'])
})

describe('raw', () => {
  const facts = {
    ID: '66b8a1a80fa9',
    Image: 'busybox',
    Command: '"sleep 1000"',
    CreatedAt: '2026-11-28 15:24:56 +0000 UTC',
    State: 'running',
    Status: 'Up 2 seconds',
  }
  const row = { ...facts, Names: 'c2', Labels: '', Ports: '0.0.0.0:8080->80/tcp', Size: '0B' }

  it('has a line for each field, as Docker prints it', () => {
    const lines = [
      'container_id: 66b8a1a80fa9',
      'image: busybox',
      'command: "sleep 1000"',
      'created_at: 2026-11-28 15:24:56 +0000 UTC',
      'state: running',
      'status: Up 2 seconds',
      'names: c2',
      'labels:',
      'ports: 0.0.0.0:8080->80/tcp',
    ]
    expect(formatList([row], { format: 'raw', table: '', raw: containerRaw(false), heads: {} })).toEqual([`${lines.join('\n')}\n`])
    expect(formatList([row], { format: 'raw', table: '', raw: containerRaw(true), heads: {} })).toEqual([`${[...lines, 'size: 0B'].join('\n')}\n`])
    const image = { Repository: 'busybox', Tag: 'latest', Digest: '<none>', ID: '0fcf7ac85d84', CreatedAt: 'then', Size: '1.98MB' }
    const text = 'repository: busybox\ntag: latest\ndigest: <none>\nimage_id: 0fcf7ac85d84\ncreated_at: then\nvirtual_size: 1.98MB\n'
    expect(formatList([image], { format: 'raw', table: '', raw: imageRaw(true), heads: {} })).toEqual([text])
    expect(formatList([image], { format: 'raw', table: '', raw: imageRaw(false), heads: {} })).toEqual([text.replace('digest: <none>\n', '')])
  })

  it('is a text like any other where Docker has no such word', () => {
    expect(formatList([row], { format: 'raw', table: '', heads: {} })).toEqual(['raw'])
  })
})
