import { expect, it } from 'vitest'
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
