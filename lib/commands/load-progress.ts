import type { PullEvent } from '../image/pull.ts'
import { layerBars } from './layer-bars.ts'

/** Docker's: a bar a layer on a terminal; elsewhere nothing is said of layers. */
export function loadProgress(out: NodeJS.WriteStream): { event(event: PullEvent): void; finish(): void } {
  if (!out.isTTY) return { event() {}, finish() {} }
  const bars = layerBars(out)
  const sizes = new Map<string, number>()
  return {
    event(event) {
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
    finish: bars.finish,
  }
}
