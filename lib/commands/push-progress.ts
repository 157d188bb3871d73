import type { PushEvent } from '../image/push.ts'
import { layerBars } from './layer-bars.ts'

export interface PushProgress {
  event(event: PushEvent): void
  /** Before anything else is printed. */
  finish(): void
}

/** Docker's: a bar a layer on a terminal, else a line for each step. The repository is said once of several tags, with the `first`. */
export function pushProgress(out: NodeJS.WriteStream, first = true): PushProgress {
  const bars = layerBars(out)
  return {
    event(event) {
      if (event.kind === 'repository') {
        if (first) bars.say(`The push refers to repository [${event.name}]`)
      } else if (event.kind === 'layer') bars.state(event.layer, words(event.state), event.state !== 'preparing')
      else bars.moved(event.layer, 'Pushing', event.current, event.total)
    },
    finish: bars.finish,
  }
}

function words(state: Extract<PushEvent, { kind: 'layer' }>['state']): string {
  if (state === 'preparing') return 'Preparing'
  if (state.kind === 'mounted') return `Mounted from ${state.from}`
  return state.kind === 'exists' ? 'Layer already exists' : 'Pushed'
}
