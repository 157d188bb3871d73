import { describe, expect, test } from 'vitest'
import { beyond, type CacheEntry, ownSize } from '../../../lib/build/cache-entry.ts'
import { cacheFilter } from '../../../lib/cli/build-cache-row.ts'

const entry = (id: string, facts: Partial<CacheEntry> = {}): CacheEntry => ({
  id,
  kind: 'step',
  text: `RUN ${id}`,
  created: '2024-01-01T00:00:00Z',
  used: '2024-01-01T00:00:00Z',
  uses: 1,
  size: 10,
  shared: false,
  ...facts,
})

test('what images have, too, is not the size of the cache', () => {
  expect(ownSize([entry('a'), entry('b', { shared: true, size: 1000 })])).toBe(10)
})

describe('what is kept', () => {
  const entries = [entry('new', { used: '2024-03-01T00:00:00Z' }), entry('old'), entry('shared', { shared: true, used: '2024-02-01T00:00:00Z' })]
  test.each<[number, string[]]>([
    [20, []],
    [19, ['old']],
    [10, ['old']],
    [0, ['old', 'shared', 'new']],
  ])('%i bytes: what was used last stays', (keep, gone) => {
    expect(beyond(entries, keep).map(({ id }) => id)).toEqual(gone)
  })
})

describe('--filter', () => {
  const now = Date.parse('2024-01-02T00:00:00Z')
  const entries = [entry('aa'), entry('ab', { shared: true }), entry('m', { kind: 'mount', used: '2024-01-01T23:00:00Z' })]
  test.each<[string[], string[]]>([
    [['until=2h'], ['aa', 'ab']],
    [['until=2024-01-01'], []],
    [['unused-for=1h30m', 'private=true'], ['aa']],
    [['id=a'], ['aa', 'ab']],
    [['type=exec.cachemount'], ['m']],
    [['type=regular', 'shared=false'], ['aa']],
    [['description=RUN a'], ['aa', 'ab']],
    [['inuse=true'], []],
    [['mutable=0'], ['aa', 'ab']],
  ])('%s', (filters, ids) => {
    const fits = cacheFilter(filters, now)
    expect(entries.filter(fits).map(({ id }) => id)).toEqual(ids)
  })

  test.each(['until=soon', 'shared=maybe', 'colour=red', 'until'])('%s is refused', (filter) => {
    expect(() => cacheFilter([filter], now)).toThrow()
  })
})
