import { bar, progressBars } from '../cli/progress-bars.ts'
import { layerName } from '../image/pull-lines.ts'
import { visible } from '../system/log.ts'

/** A line a layer, redrawn in place on a terminal; elsewhere a line for each state, and none for bytes. */
export function layerBars(out: NodeJS.WriteStream) {
  const columns = () => out.columns || 80
  const bars = progressBars({
    write: (text) => void out.write(text),
    get columns() {
      return columns()
    },
    get rows() {
      return out.rows || 24
    },
  })
  return {
    state(layer: string, text: string, done = false): void {
      if (out.isTTY) bars.set(layerName(layer), text, done)
      else out.write(`${layerName(layer)}: ${text}\n`)
    },
    moved(layer: string, word: string, current: number, total: number): void {
      if (out.isTTY) bars.set(layerName(layer), `${word}  ${bar(current, total, columns())}`)
    },
    /** Of what all layers come in. */
    read(current: number, total: number, done: boolean): void {
      if (out.isTTY) bars.set('archive', `Reading  ${bar(current, total, columns())}`, done)
    },
    /** A line of its own, below what is drawn. */
    say(line: string): void {
      bars.finish()
      out.write(`${out.isTTY ? visible(line) : line}\n`)
    },
    /** Before anything else is printed. */
    finish: () => bars.finish(),
  }
}
