import type { PullEvent } from '../image/pull.ts'
import { pullLine } from '../image/pull-lines.ts'
import type { PullListener } from '../image/resolve.ts'
import { layerBars } from './layer-bars.ts'

export interface PullProgress extends PullListener {
  /** Before anything else is printed. */
  finish(): void
}

const words = { waiting: 'Waiting', started: 'Pulling fs layer', downloaded: 'Extracting', complete: 'Pull complete', exists: 'Already exists' }

/** Docker's: a bar a layer on a terminal, else a line for each step. */
export function pullProgress(out: NodeJS.WriteStream): PullProgress {
  const bars = layerBars(out)
  return {
    event(event) {
      if (out.isTTY && event.kind !== 'from') draw(bars, event)
      else {
        const line = pullLine(event)
        if (line !== undefined) bars.say(line)
      }
    },
    say: bars.say,
    finish: bars.finish,
  }
}

function draw(bars: ReturnType<typeof layerBars>, event: Exclude<PullEvent, { kind: 'from' }>): void {
  if (event.kind === 'progress') bars.moved(event.layer, 'Downloading', event.current, event.total)
  else bars.state(event.layer, words[event.state], event.state === 'complete' || event.state === 'exists')
}
