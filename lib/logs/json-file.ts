import { addon } from '../system/addon.ts'
import { logAttributeWords } from './attributes.ts'
import { PieceBuilder } from './pieces.ts'
import { canonicalLogTime, type LogDecoder, type LogPiece, type LogWish } from './records.ts'

const HEAD = Buffer.from('{"log":"')
const STDOUT = Buffer.from('","stream":"stdout","time":"')
const STDERR = Buffer.from('","stream":"stderr","time":"')
/** Where the two differ. */
const WHICH = '","stream":"std'.length
const [QUOTE, BACKSLASH, NEWLINE, BRACE] = [0x22, 0x5c, 0x0a, 0x7d]

/** What stands for one byte behind a backslash; 0: something else does (\u). */
const escapes = new Uint8Array(128)
for (const [letter, byte] of Object.entries({ n: 10, '"': 34, '\\': 92, t: 9, r: 13, '/': 47, b: 8, f: 12 })) escapes[letter.charCodeAt(0)] = byte

/**
 * Docker's json-file. Lines that look as the monitor and Docker write them are decoded in bulk by the addon, or, where their times
 * matter, byte by byte on their way into the output, which is some ten times faster than JSON.parse; any other goes through
 * JSON.parse, and one that is no JSON (a torn write) is passed over.
 */
export function jsonFileDecoder(wish: LogWish): LogDecoder {
  const { since, until, timestamps, details } = wish
  const timed = since !== undefined || until !== undefined || timestamps

  const out = new PieceBuilder()
  /** The last lines were of stderr, and the next are likely to be. */
  let stderrNext = false

  return { decode }

  function decode(lines: Buffer): { pieces: LogPiece[]; done: boolean } {
    out.reset(lines.length)
    for (let at = 0; at < lines.length; ) {
      const next = details ? -1 : timed ? fast(lines, at) : bulk(lines, at)
      if (next === DONE) return { pieces: out.pieces(), done: true }
      if (next >= 0) {
        at = next
        continue
      }
      const newline = lines.indexOf(NEWLINE, at)
      const end = newline === -1 ? lines.length : newline
      if (slow(lines.toString('utf8', at, end), lines.length - at) === DONE) return { pieces: out.pieces(), done: true }
      at = end + 1
    }
    return { pieces: out.pieces(), done: false }
  }

  /** Where the first line begins that is of another form or stream; -1: this one is. */
  function bulk(from: Buffer, at: number): number {
    for (let stream = 0; stream < 2; stream++) {
      const [next, end] = addon.jsonLogText({ from, at, room: out.room, end: out.end, stderr: stderrNext })
      if (next > at) {
        out.begin(stderrNext ? 2 : 1)
        out.end = end
        return next
      }
      stderrNext = !stderrNext
    }
    return -1
  }

  /** Where the next line begins; -1: not of the usual form; DONE: later than `until`. */
  function fast(from: Buffer, start: number): number {
    if (!stands(from, start, HEAD)) return -1
    const textStart = start + HEAD.length
    let textEnd = textStart
    // The stream and the time stand behind the text: its end must be known first where they decide.
    for (; ; textEnd++) {
      const byte = from[textEnd]
      if (byte === QUOTE) break
      if (byte === BACKSLASH) textEnd++
      else if (byte === NEWLINE || byte === undefined) return -1
    }
    const stderr = from[textEnd + WHICH] === STDERR[WHICH]
    if (!stands(from, textEnd, stderr ? STDERR : STDOUT)) return -1
    const timeStart = textEnd + STDOUT.length
    let timeEnd = timeStart
    while (from[timeEnd] !== QUOTE) if (++timeEnd > timeStart + 40) return -1
    if (from[timeEnd + 1] !== BRACE || from[timeEnd + 2] !== NEWLINE) return -1
    const next = timeEnd + 3

    const time = canonicalLogTime(from.toString('latin1', timeStart, timeEnd))
    if (time === undefined) return -1
    if (since !== undefined && time < since) return next
    if (until !== undefined && time > until) return DONE
    const before = out.end
    out.begin(stderr ? 2 : 1)
    if (timestamps) out.text(`${time} `, from.length - start)
    const { room } = out
    let to = out.end
    for (let at = textStart; at < textEnd; at++) {
      const byte = from[at]!
      if (byte !== BACKSLASH) {
        room[to++] = byte
        continue
      }
      const letter = from[++at]!
      const meant = escapes[letter & 0x7f]!
      if (meant !== 0) {
        room[to++] = meant
        continue
      }
      const unit = Number.parseInt(from.toString('latin1', at + 1, at + 5), 16)
      // Half of a pair, or no \u at all: JSON.parse knows.
      if (letter !== 0x75 || Number.isNaN(unit) || (unit >= 0xd800 && unit < 0xe000)) {
        out.end = before
        return -1
      }
      to += room.write(String.fromCharCode(unit), to)
      at += 4
    }
    out.end = to
    return next
  }

  function slow(line: string, rest: number): number {
    let record: { log?: unknown; stream?: unknown; time?: unknown; attrs?: unknown }
    try {
      record = JSON.parse(line) as typeof record
    } catch {
      return 0
    }
    if (typeof record?.log !== 'string' || typeof record.time !== 'string') return 0
    const time = canonicalLogTime(record.time) ?? record.time
    if (since !== undefined && time < since) return 0
    if (until !== undefined && time > until) return DONE
    out.begin(record.stream === 'stderr' ? 2 : 1)
    if (timestamps) out.text(`${time} `, rest)
    if (details) {
      const attributes = typeof record.attrs === 'object' && record.attrs !== null ? Object.entries(record.attrs) : []
      out.text(`${logAttributeWords(attributes)} `, rest)
    }
    out.text(record.log, rest)
    return 0
  }
}

const DONE = -2

function stands(from: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (from[at + i] !== text[i]) return false
  return true
}
