import { PieceBuilder } from './pieces.ts'
import { canonicalLogTime, type LogDecoder, type LogPiece, type LogWish } from './records.ts'

const [NEWLINE, SPACE, FULL] = [0x0a, 0x20, 0x46]

/** The format of CRI and podman's k8s-file: `TIME STREAM F|P TEXT`, where P is a line that goes on in the next record. */
export function k8sFileDecoder({ since, until, timestamps, details }: LogWish): LogDecoder {
  const out = new PieceBuilder()

  return { decode }

  function decode(lines: Buffer): { pieces: LogPiece[]; done: boolean } {
    out.reset(lines.length)
    for (let at = 0, end: number; at < lines.length; at = end + 1) {
      const newline = lines.indexOf(NEWLINE, at)
      end = newline === -1 ? lines.length : newline
      const timeEnd = lines.indexOf(SPACE, at)
      const textStart = timeEnd + ' stdout F '.length
      if (timeEnd === -1 || textStart > end || lines[textStart - 1] !== SPACE) continue
      if (since !== undefined || until !== undefined || timestamps) {
        const time = canonicalLogTime(lines.toString('latin1', at, timeEnd))
        if (time === undefined || (since !== undefined && time < since)) continue
        if (until !== undefined && time > until) return { pieces: out.pieces(), done: true }
        out.begin(streamAt(lines, timeEnd))
        if (timestamps) out.text(`${time} `, lines.length - at)
      } else {
        out.begin(streamAt(lines, timeEnd))
      }
      if (details) out.room[out.end++] = SPACE
      out.end += lines.copy(out.room, out.end, textStart, end)
      if (lines[textStart - 2] === FULL) out.room[out.end++] = NEWLINE
    }
    return { pieces: out.pieces(), done: false }
  }
}

/** "stdout" and "stderr" differ in the fourth letter. */
const streamAt = (lines: Buffer, timeEnd: number) => (lines[timeEnd + 4] === 'e'.charCodeAt(0) ? 2 : 1)
