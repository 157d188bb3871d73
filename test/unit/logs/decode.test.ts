import { describe, expect, it } from 'vitest'
import { jsonFileDecoder } from '../../../lib/logs/json-file.ts'
import { k8sFileDecoder } from '../../../lib/logs/k8s-file.ts'
import type { LogWish } from '../../../lib/logs/records.ts'

const wish = (more: Partial<LogWish> = {}): LogWish => ({ since: undefined, until: undefined, timestamps: false, details: false, ...more })
const TIME = '2024-05-01T12:00:00.123456789Z'
const line = (log: string, stream = 'stdout', time = TIME) => `${JSON.stringify({ log, stream, time })}\n`

/** [stream, text] of the pieces. */
function decoded(decoder: ReturnType<typeof jsonFileDecoder>, text: string): [number, string][] {
  return decoder.decode(Buffer.from(text)).pieces.map(({ stream, bytes }) => [stream, Buffer.from(bytes).toString()])
}
const json = (text: string, more?: Partial<LogWish>) => decoded(jsonFileDecoder(wish(more)), text)
const k8s = (text: string, more?: Partial<LogWish>) => decoded(k8sFileDecoder(wish(more)), text)

describe('json-file', () => {
  it('joins neighbours of a stream and keeps the order of both', () => {
    const text = line('a\n') + line('b\n') + line('c\n', 'stderr') + line('d\n')
    expect(json(text)).toEqual([
      [1, 'a\nb\n'],
      [2, 'c\n'],
      [1, 'd\n'],
    ])
  })

  it.each(['plain\n', '"quoted" \\ back\n', '\t\r\b\f/', '\u0000\u001b[1m', 'é ü 日本 😀\n', '\\"', '', '\u2028\u007f', 'no newline'])(
    'gives %j back',
    (log) => {
      expect(
        json(line(log) + line('|'))
          .map(([, text]) => text)
          .join(''),
      ).toBe(`${log}|`)
    },
  )

  it('understands the escapes of Go, halves of pairs among them', () => {
    const escaped = `${String.raw`{"log":"\u003cb\u003e \u0026 \ud83d\ude00 \u65e5\/\n","stream":"stdout","time":"${TIME}"}`}\n`
    expect(json(escaped)).toEqual([[1, '<b> & 😀 日/\n']])
  })

  it('reads what has another form than usual, and passes over what is none', () => {
    const odd = `{"stream":"stderr", "log":"odd\\n", "time":"${TIME}"}\n`
    const attributes = `{"log":"x\\n","stream":"stdout","attrs":{"b":"2 3","a":"1"},"time":"${TIME}"}\n`
    const torn = '{"log":"torn\n'
    expect(json(`${odd + torn + attributes}\n[]\nnull\n{"log":5}\n${line('end')}`)).toEqual([
      [2, 'odd\n'],
      [1, 'x\nend'],
    ])
    expect(json(attributes + line('y'), { details: true })).toEqual([[1, 'a=1,b=2+3 x\n y']])
  })

  it('is the same at once, line by line and through JSON.parse', () => {
    const logs = ['plain\n', '"q" \\ \n', 'tab\tend\n', '\u0001\u00e9\u0800 é\n', `${'x'.repeat(100)}\n`, '1234567"', '12345678\n', '', '😀\n', 'no end']
    const escapes = String.raw`{"log":"\u00e9\u0800\u003c\/ \ud83d\ude00 \ud83d \q\n","stream":"stdout","time":"${TIME}"}`
    const lines = [...logs.flatMap((log, at) => [line(log, at % 3 === 0 ? 'stderr' : 'stdout'), line(log)]), `${escapes}\n`, line('last\n', 'stderr')]
    const parsed = lines.flatMap((text) => {
      try {
        const { log, stream } = JSON.parse(text) as { log: string; stream: string }
        return [[stream === 'stderr' ? 2 : 1, log]]
      } catch {
        return []
      }
    })
    const byStream = (pieces: (string | number)[][], wanted: number) => pieces.flatMap(([stream, text]) => (stream === wanted ? [text] : [])).join('')
    const text = lines.join('')
    for (const stream of [1, 2]) {
      expect(byStream(json(text), stream)).toBe(byStream(parsed, stream))
      expect(byStream(json(text, { since: '2000-01-01T00:00:00.000000000Z' }), stream)).toBe(byStream(parsed, stream))
    }
  })

  it('takes a last line without its end for what it is', () => {
    for (let length = 1; length < line('some text\n').length; length++) {
      const whole = line('first\n')
      const torn = line('some text\n').slice(0, length)
      expect(json(whole + torn).slice(0, 1)).toEqual([[1, length === torn.trimEnd().length && torn.endsWith('}') ? 'first\nsome text\n' : 'first\n']])
    }
  })

  it('prints times with nine digits', () => {
    expect(json(line('a\n', 'stdout', '2024-05-01T12:00:00.5Z') + line('b\n', 'stdout', '2024-05-01T12:00:00Z'), { timestamps: true })).toEqual([
      [1, '2024-05-01T12:00:00.500000000Z a\n2024-05-01T12:00:00.000000000Z b\n'],
    ])
  })

  it('keeps to since and until, both inclusive, and says when the rest is later', () => {
    const at = (second: number) => `2024-05-01T12:00:0${second}.000000000Z`
    const text = [1, 2, 3, 4].map((second) => line(`${second}\n`, 'stdout', at(second))).join('')
    expect(json(text, { since: at(2) })).toEqual([[1, '2\n3\n4\n']])
    expect(json(text, { until: at(2) })).toEqual([[1, '1\n2\n']])
    expect(jsonFileDecoder(wish({ until: at(2) })).decode(Buffer.from(text)).done).toBe(true)
    expect(jsonFileDecoder(wish({ until: at(4) })).decode(Buffer.from(text)).done).toBe(false)
  })

  it('can be used again and again', () => {
    const decoder = jsonFileDecoder(wish({ timestamps: true }))
    expect(decoded(decoder, line('a\n', 'stderr'))).toEqual([[2, `${TIME} a\n`]])
    expect(decoded(decoder, line('b\n') + line('c\n'))).toEqual([[1, `${TIME} b\n${TIME} c\n`]])
  })
})

describe('k8s-file', () => {
  it('joins partial lines and tells the streams apart', () => {
    const text = `${TIME} stdout P par\n${TIME} stdout F tial\n${TIME} stderr F err\n${TIME} stdout F \n`
    expect(k8s(text)).toEqual([
      [1, 'partial\n'],
      [2, 'err\n'],
      [1, '\n'],
    ])
  })

  it('passes over what is no record', () => {
    expect(k8s(`\nnonsense\n${TIME} stdout\n${TIME} stdout F ok\n`)).toEqual([[1, 'ok\n']])
  })

  it('prints and compares times, of other zones too', () => {
    const text = `2024-05-01T14:00:00+02:00 stdout F x\n2024-05-01T12:00:01.5+00:00 stdout F y\n`
    expect(k8s(text, { timestamps: true })).toEqual([[1, '2024-05-01T12:00:00.000000000Z x\n2024-05-01T12:00:01.500000000Z y\n']])
    expect(k8s(text, { since: '2024-05-01T12:00:01.000000000Z' })).toEqual([[1, 'y\n']])
    expect(k8s(text, { until: '2024-05-01T12:00:01.000000000Z' })).toEqual([[1, 'x\n']])
  })
})
