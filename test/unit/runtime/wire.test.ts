import { describe, expect, it } from 'vitest'
import { decodeStatus } from '../../../lib/runtime/status.ts'
import { b, encodeRecord, FieldReader, recordSplitter, s, u } from '../../../lib/runtime/wire.ts'

describe('records', () => {
  it('lays fields out as protocol.h says', () => {
    expect(encodeRecord(7, [u(1), s('abc')]).toString('hex')).toBe(['07000000', '10000000', '0100000000000000', '03000000', '61626300'].join(''))
  })

  it('pads a payload to eight bytes, and a string to four with its NUL', () => {
    const record = encodeRecord(1, [s('abcd')])
    expect(record.readUInt32LE(4)).toBe(12)
    expect(record.length).toBe(24)
  })

  it('reads back what it wrote, whatever the chunks', () => {
    const bytes = Buffer.concat([encodeRecord(1, [u(2n ** 40n), s('ü\n')]), encodeRecord(2), encodeRecord(3, [b(Buffer.from([0, 1]))])])
    for (const size of [1, 3, 8, 1000]) {
      const split = recordSplitter()
      const records = []
      for (let at = 0; at < bytes.length; at += size) records.push(...split(bytes.subarray(at, at + size)))
      expect(records.map((record) => record.tag)).toEqual([1, 2, 3])
      const read = new FieldReader(records[0]?.payload ?? Buffer.alloc(0))
      expect([read.u(), read.s()]).toEqual([2 ** 40, 'ü\n'])
    }
  })

  it('refuses a NUL byte, which would cut the string on the other side', () => {
    expect(() => encodeRecord(1, [s('a\0b')])).toThrow(RangeError)
  })

  it('refuses a string that is longer than its record', () => {
    expect(() => new FieldReader(Buffer.from('ff000000aa', 'hex')).s()).toThrow(RangeError)
  })
})

describe('decodeStatus', () => {
  it('reads a failure', () => {
    const [record] = recordSplitter()(encodeRecord(3, [s('exec'), u(2), s('execve(x)'), s('x'), s('')]))
    expect(record && decodeStatus(record)).toEqual({
      kind: 'failed',
      failure: { stage: 'exec', errno: 2, call: 'execve(x)', subject: 'x', detail: '' },
    })
  })

  it('refuses a record that it does not know', () => {
    expect(() => decodeStatus({ tag: 99, payload: Buffer.alloc(0) })).toThrow(RangeError)
  })
})
