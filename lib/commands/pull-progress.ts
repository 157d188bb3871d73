import { bar, progressBars } from '../cli/progress-bars.ts'
import type { PullEvent } from '../image/pull.ts'
import { layerName, pullLine } from '../image/pull-lines.ts'
import { visible } from '../system/log.ts'

export interface PullProgress {
  event(event: PullEvent): void
  /** Before anything else is printed. */
  finish(): void
}

/** Docker's: a bar a layer on a terminal, else a line for each step. */
export function pullProgress(out: NodeJS.WriteStream): PullProgress {
  if (out.isTTY) return onTerminal(out)
  return {
    event(event) {
      const line = pullLine(event)
      if (line !== undefined) out.write(`${line}\n`)
    },
    finish() {},
  }
}

function onTerminal(out: NodeJS.WriteStream): PullProgress {
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
  const words = { waiting: 'Waiting', started: 'Pulling fs layer', downloaded: 'Extracting', complete: 'Pull complete', exists: 'Already exists' }
  return {
    event(event) {
      if (event.kind === 'from') {
        bars.finish()
        out.write(`${visible(pullLine(event) ?? '')}\n`)
      } else if (event.kind === 'progress') bars.set(layerName(event.layer), `Downloading  ${bar(event.current, event.total, columns())}`)
      else bars.set(layerName(event.layer), words[event.state], event.state === 'complete' || event.state === 'exists')
    },
    finish: () => bars.finish(),
  }
}
