import type { PullEvent } from '../image/pull.ts'
import { layerBars } from './layer-bars.ts'

export interface LoadProgress {
  event(event: PullEvent): void
  /** Bytes of an archive that comes through a pipe or is compressed; `total` 0 where nobody knows. */
  read(current: number, total: number): void
  finish(): void
}

/** Docker's: a bar a layer on a terminal; elsewhere nothing is said of layers. */
export function loadProgress(out: NodeJS.WriteStream): LoadProgress {
  if (!out.isTTY) return { event() {}, read() {}, finish() {} }
  const bars = layerBars(out)
  const sizes = new Map<string, number>()
  let reading: [number, number] | undefined
  return {
    event(event) {
      // Layers come when all of it has been read.
      if (reading !== undefined) bars.read(...reading, true)
      reading = undefined
      if (event.kind === 'progress') {
        sizes.set(event.layer, event.total)
        bars.moved(event.layer, 'Loading layer', event.current, event.total)
      } else if (event.kind === 'layer' && event.state === 'complete') {
        const size = sizes.get(event.layer)
        if (size !== undefined) bars.moved(event.layer, 'Loading layer', size, size)
        bars.state(event.layer, 'Loaded', true)
      } else if (event.kind === 'layer' && event.state === 'waiting') bars.state(event.layer, 'Waiting')
      else if (event.kind === 'layer' && event.state === 'exists') bars.state(event.layer, 'Already exists', true)
    },
    read(current, total) {
      reading = [current, total]
      bars.read(current, total, false)
    },
    finish: bars.finish,
  }
}
