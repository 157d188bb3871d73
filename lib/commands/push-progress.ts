import { bar, progressBars } from '../cli/progress-bars.ts'
import { layerName } from '../image/pull-lines.ts'
import type { PushEvent } from '../image/push.ts'

export interface PushProgress {
  event(event: PushEvent): void
  /** Before anything else is printed. */
  finish(): void
}

/** Docker's: a bar a layer on a terminal, else a line for each step. */
export function pushProgress(out: NodeJS.WriteStream): PushProgress {
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
  const line = (name: string, text: string, done: boolean) => (out.isTTY ? bars.set(name, text, done) : void out.write(`${name}: ${text}\n`))
  return {
    event(event) {
      if (event.kind === 'repository') out.write(`The push refers to repository [${event.name}]\n`)
      else if (event.kind === 'layer') line(layerName(event.layer), words(event.state), event.state !== 'preparing')
      else if (out.isTTY) bars.set(layerName(event.layer), `Pushing  ${bar(event.current, event.total, columns())}`)
    },
    finish: () => bars.finish(),
  }
}

function words(state: Extract<PushEvent, { kind: 'layer' }>['state']): string {
  if (state === 'preparing') return 'Preparing'
  if (state.kind === 'mounted') return `Mounted from ${state.from}`
  return state.kind === 'exists' ? 'Layer already exists' : 'Pushed'
}
