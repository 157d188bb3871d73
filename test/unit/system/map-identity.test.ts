import { describe, expect, test } from 'vitest'
import { type IdRange, mapIdentity, parseGetsubids, parseSubids, parseUserns, type UsernsMode } from '../../../lib/system/map-identity.ts'

const maps = (mode: UsernsMode, subuids: IdRange[], uid = 1000) =>
  mapIdentity({ mode, uid, gid: uid, subuids, subgids: subuids }).uidMappings.map(({ container, host, size }) => `${container}=${host}+${size}`)

describe('maps of a user namespace', () => {
  const one = [{ start: 100000, count: 65536 }]
  const cases: [string, UsernsMode, IdRange[], string[]][] = [
    ['the user is root, the subordinate ids follow', { kind: 'default' }, one, ['0=1000+1', '1=100000+65536']],
    [
      'all ranges are used',
      { kind: 'default' },
      [
        { start: 100000, count: 10 },
        { start: 300000, count: 20 },
      ],
      ['0=1000+1', '1=100000+10', '11=300000+20'],
    ],
    ['without a range there is one id', { kind: 'default' }, [], ['0=1000+1']],
    [
      'keep-id: ids below the own one are subordinate',
      { kind: 'keep-id', uid: undefined, gid: undefined },
      one,
      ['0=100000+1000', '1000=1000+1', '1001=101000+64536'],
    ],
    ['keep-id as another', { kind: 'keep-id', uid: 5, gid: undefined }, one, ['0=100000+5', '5=1000+1', '6=100005+65531']],
    ['keep-id as root', { kind: 'keep-id', uid: 0, gid: 0 }, one, ['0=1000+1', '1=100000+65536']],
    [
      'keep-id at the seam of two ranges',
      { kind: 'keep-id', uid: 10, gid: 0 },
      [
        { start: 100000, count: 10 },
        { start: 300000, count: 20 },
      ],
      ['0=100000+10', '10=1000+1', '11=300000+20'],
    ],
    ['keep-id beyond all ranges leaves a gap', { kind: 'keep-id', uid: 5000, gid: 0 }, [{ start: 100000, count: 10 }], ['0=100000+10', '5000=1000+1']],
    ['keep-id without a range', { kind: 'keep-id', uid: undefined, gid: undefined }, [], ['1000=1000+1']],
    ['nomap leaves the own id out', { kind: 'nomap' }, one, ['0=100000+65536']],
    [
      'a host id is never mapped twice',
      { kind: 'default' },
      [
        { start: 990, count: 20 },
        { start: 1005, count: 10 },
      ],
      ['0=1000+1', '1=990+10', '11=1001+9', '20=1010+5'],
    ],
    ['ids end before 4294967295', { kind: 'default' }, [{ start: 4294967290, count: 100 }], ['0=1000+1', '1=4294967290+5']],
  ]
  test.each(cases)('%s', (_, mode, ranges, expected) => expect(maps(mode, ranges)).toEqual(expected))

  test('the kernel takes 340 extents at most', () => {
    const many = Array.from({ length: 500 }, (_, i) => ({ start: 100000 + i * 10, count: 5 }))
    expect(maps({ kind: 'default' }, many)).toHaveLength(340)
  })
})

test('lines of /etc/subuid count by name and by number, broken ones do not', () => {
  const text = 'bob:1:2\nalice:100000:65536\n1000:300000:10\n# alice:5:5\nalice:x:5\nalice:5:0\nalice:7\n alice:400000:1 \n'
  expect(parseSubids(text, 'alice', 1000)).toEqual([
    { start: 100000, count: 65536 },
    { start: 300000, count: 10 },
    { start: 400000, count: 1 },
  ])
  expect(parseSubids('undefined:1:2\n', undefined, 1000)).toEqual([])
})

test('what getsubids prints', () => {
  expect(parseGetsubids('0: alice 100000 65536\n1: alice 300000 10\n')).toEqual([
    { start: 100000, count: 65536 },
    { start: 300000, count: 10 },
  ])
  expect(parseGetsubids('Error fetching ranges\n')).toEqual([])
})

test.each([
  ['', { kind: 'default' }],
  ['host', { kind: 'default' }],
  ['nomap', { kind: 'nomap' }],
  ['keep-id', { kind: 'keep-id', uid: undefined, gid: undefined }],
  ['keep-id:uid=200,gid=210', { kind: 'keep-id', uid: 200, gid: 210 }],
  ['keep-id:', undefined],
  ['keep-id:uid=-1', undefined],
  ['keep-id:uid=4294967295', undefined],
  ['keep-id:size=5', undefined],
  ['auto', undefined],
  ['container:x', undefined],
])('--userns %s', (text, expected) => expect(parseUserns(text)).toEqual(expected))
