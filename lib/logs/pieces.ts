import type { LogPiece } from './records.ts'

/** Collects decoded bytes of both streams in order; neighbours of one stream become one piece. */
export class PieceBuilder {
  /** Where the decoder writes, at `end`, which it moves. Another buffer after `text`. */
  room = Buffer.alloc(0)
  end = 0
  #start = 0
  #stream: 1 | 2 = 1
  #pieces: LogPiece[] = []

  /** Begins anew, over what was collected before. `size`: of what is to be decoded; decoding makes it shorter. */
  reset(size: number): void {
    if (this.room.length < size) this.room = Buffer.allocUnsafe(size)
    this.end = this.#start = 0
    this.#pieces = []
  }

  /** What is written from here on belongs to `stream`. */
  begin(stream: 1 | 2): void {
    if (stream === this.#stream) return
    this.#cut()
    this.#stream = stream
  }

  /** Something that may be longer than what stands for it in the file; `rest` bytes of the file are still to come. */
  text(text: string, rest: number): void {
    const length = Buffer.byteLength(text)
    if (this.end + length + rest > this.room.length) {
      this.#cut()
      this.room = Buffer.allocUnsafe(2 * (length + rest))
      this.#start = this.end = 0
    }
    this.end += this.room.write(text, this.end)
  }

  pieces(): LogPiece[] {
    this.#cut()
    return this.#pieces
  }

  #cut(): void {
    if (this.end > this.#start) this.#pieces.push({ stream: this.#stream, bytes: this.room.subarray(this.#start, this.end) })
    this.#start = this.end
  }
}
