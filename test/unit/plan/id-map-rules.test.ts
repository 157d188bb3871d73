import { describe, expect, it } from 'vitest'
import { parseIdMaps } from '../../../lib/cli/id-maps.ts'
import { idMapLines } from '../../../lib/plan/id-map-lines.ts'
import { idMapOf, resolveIdMap } from '../../../lib/plan/id-map-rules.ts'

/** The user 1001, 100000 to 100009, and 2000. */
const own = [
  { container: 0, host: 1001, size: 1 },
  { container: 1, host: 100000, size: 10 },
  { container: 11, host: 2000, size: 1 },
]
const rules = (...uidmap: string[]) => parseIdMaps({ uidmap, gidmap: [], userns: '' })!.uids
const lines = (...uidmap: string[]) => idMapLines(resolveIdMap(rules(...uidmap), own, '--uidmap'))
const map = (...uidmap: string[]) =>
  idMapOf(resolveIdMap(rules(...uidmap), own, '--uidmap'), own, '--uidmap').map(({ container, host, size }) => `${container} ${host} ${size}`)

describe('a map by rules', () => {
  it.each<[string[], string[]]>([
    [['0:0:3'], ['0 1001 1', '1 100000 2']],
    [
      ['0:1:5', '5:0:1'],
      ['0 100000 5', '5 1001 1'],
    ],
    [['1000:0'], ['1000 1001 1']],
    [['0:0:12'], ['0 1001 1', '1 100000 10', '11 2000 1']],
    [['7:@100002:2'], ['7 100002 2']],
    [['50:@2000'], ['50 2000 1']],
    [
      ['0:0:10', '+100:1:1'],
      ['0 1001 1', '2 100001 8', '100 100000 1'],
    ],
    // It takes both the container's id and the user's from the one before.
    [
      ['0:0:4', '+2:8:1'],
      ['0 1001 1', '1 100000 1', '2 100007 1', '3 100002 1'],
    ],
    [['+100:@2000'], ['0 1001 1', '1 100000 10', '100 2000 1']],
    [['+1000:0'], ['0 100000 10', '10 2000 1', '1000 1001 1']],
    [['+3:0:1'], ['0 100000 3', '3 1001 1', '4 100003 7', '11 2000 1']],
  ])('%j', (given, expected) => {
    expect(map(...given)).toEqual(expected)
  })

  it('is kept plain, and is the same when it is read again', () => {
    const plain = lines('+3:0:1')
    expect(plain).toEqual(['0:1:3', '3:0:1', '4:4:8'])
    expect(lines(...plain)).toEqual(plain)
  })

  it.each<[string[], string]>([
    [['0:0:13'], '--uidmap: there is no intermediate id 12: you have 0 to 11'],
    [['0:20:1'], '--uidmap: there is no intermediate id 20: you have 0 to 11'],
    [['0:0:2', '1:5:1'], "--uidmap: the container's id 1 is mapped twice"],
    [['0:0:2', '7:1:1'], '--uidmap: the intermediate id 1 is mapped twice'],
    [['7:@100008:3'], "--uidmap: the host's id 100010 is not one of yours, which are 1001, 100000 to 100009, 2000"],
    [['7:@0'], "--uidmap: the host's id 0 is not one of yours, which are 1001, 100000 to 100009, 2000"],
  ])('refuses %j', (given, message) => {
    expect(() => map(...given)).toThrow(expect.objectContaining({ message, code: 'BAD_ID_MAP' }))
  })

  it('refuses ids that the user has no more', () => {
    const plain = resolveIdMap(rules('0:0:12'), own, '--uidmap')
    expect(() => idMapOf(plain, own.slice(0, 2), '--uidmap')).toThrow('--uidmap: there is no intermediate id 11: you have 0 to 10')
  })

  it('refuses more pieces than the kernel takes', () => {
    const many = Array.from({ length: 341 }, (_, at) => `${2 * at}:${at}:1`)
    const wide = [{ container: 0, host: 100000, size: 1000 }]
    expect(() => idMapOf(rules(...many), wide, '--gidmap')).toThrow('--gidmap: it needs 341 lines, and the kernel takes 340')
  })
})

describe('the flags', () => {
  const both = (uidmap: string[], gidmap: string[]) => {
    const parsed = parseIdMaps({ uidmap, gidmap, userns: '' })
    return [idMapLines(parsed?.uids ?? []), idMapLines(parsed?.gids ?? [])]
  }

  it.each<[string[], string[], string[], string[]]>([
    [['0:0:5'], [], ['0:0:5'], ['0:0:5']],
    [[], ['0:0:5', 'g2:7:1'], ['0:0:5'], ['0:0:5', '2:7:1']],
    [['u0:0:5'], [], ['0:0:5'], []],
    [['0:0:5'], ['0:0:6'], ['0:0:5'], ['0:0:6']],
    [['ug0:0:5'], [], ['0:0:5'], ['0:0:5']],
    [[], ['+g7:@9'], [], ['7:9:1']],
  ])('uid %j, gid %j', (uidmap, gidmap, uids, gids) => {
    expect(both(uidmap, gidmap)).toEqual([uids, gids])
  })

  it.each(['', '0', '0:0:0', '-1:0:1', 'x0:0:1', '0:0:1:1', '0:0:', '4294967295:0:1', '0:4294967290:6'])('refuses %j', (text) => {
    expect(() => parseIdMaps({ uidmap: [text], gidmap: [], userns: '' })).toThrow(`invalid argument ${JSON.stringify(text)} for "--uidmap" flag`)
  })

  it('refuses another word on the same matter', () => {
    expect(() => parseIdMaps({ uidmap: ['0:0:1'], gidmap: [], userns: 'keep-id' })).toThrow('conflicting options: --userns, and --uidmap or --gidmap')
    expect(parseIdMaps({ uidmap: [], gidmap: [], userns: 'keep-id' })).toBeUndefined()
  })
})
