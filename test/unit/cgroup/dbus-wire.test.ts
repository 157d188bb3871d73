import { describe, expect, test } from 'vitest'
import { type DbusValue, decodeMessage, encodeMessage, marshal, splitSignature, unmarshal } from '../../../lib/cgroup/dbus-wire.ts'

test('bytes are those of the specification', () => {
  // Each offset worked out by hand from the rules of "Marshaling".
  expect(marshal('su', ['foo', 7]).toString('hex')).toBe(`03000000${'666f6f00'}07000000`)
  expect(marshal('yu', [1, 2]).toString('hex')).toBe('0100000002000000')
  // A struct starts at 8; the length counts what is in the array, not the padding in front of it.
  expect(marshal('a(yv)', [[[6, { signature: 'u', value: 9 }]]]).toString('hex')).toBe('0800000000000000' + '0601750009000000')
  expect(marshal('at', [[]]).toString('hex')).toBe('0000000000000000')
})

describe('what is put on the wire comes back', () => {
  test.each<[string, DbusValue[]]>([
    ['', []],
    ['s', ['ünï']],
    [
      'ssa(sv)',
      [
        'a',
        'fail',
        [
          ['PIDs', { signature: 'au', value: [1, 2] }],
          ['Delegate', { signature: 'b', value: true }],
        ],
      ],
    ],
    ['a(sa(sv))', [[]]],
    ['uoss', [5, '/job/1', 'x.scope', 'done']],
    ['t', [2n ** 60n]],
    ['a{sv}', [[]]],
  ])('%s', (signature, values) => expect(unmarshal(signature, marshal(signature, values))).toEqual(values))
})

test('messages are cut out of a stream that breaks anywhere', () => {
  const message = { type: 'call' as const, serial: 3, path: '/a', interface: 'b.c', member: 'D', destination: 'e.f', body: ['text', 1] }
  const bytes = encodeMessage(message, 'su')
  const two = Buffer.concat([bytes, bytes])
  for (let cut = 0; cut < bytes.length; cut++) expect(decodeMessage(two.subarray(0, cut))).toBeUndefined()
  expect(decodeMessage(two)).toEqual({ message, length: bytes.length })
})

test('broken lengths end in an error, not in a loop', () => {
  expect(() => unmarshal('s', Buffer.from([255, 0, 0, 0, 65]))).toThrow(RangeError)
  expect(() => unmarshal('as', Buffer.from([255, 255, 255, 255]))).toThrow(RangeError)
  expect(() => splitSignature('(ss')).toThrow(RangeError)
  expect(() => decodeMessage(Buffer.alloc(16, 'B'))).toThrow(RangeError)
})
