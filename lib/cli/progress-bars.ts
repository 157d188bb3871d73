import { characters } from './width.ts'

/** Where progress is drawn. */
export interface Screen {
  write(text: string): void
  columns: number
  rows: number
}

const INTERVAL = 80

/**
 * A line for each thing under way, redrawn in place: name, state, and a bar where bytes are counted. Lines that are
 * done at the top are left behind, so that there may be more of them than the screen is high.
 */
export function progressBars(screen: Screen) {
  const lines = new Map<string, { text: string; done: boolean }>()
  let drawn = 0
  let timer: NodeJS.Timeout | undefined

  function draw(): void {
    timer = undefined
    const out = [drawn > 0 ? `\x1b[${drawn}A` : '', '\x1b[J']
    for (const [name, { text, done }] of lines) {
      if (!done) break
      out.push(`${cut(`${name}: ${text}`, screen.columns)}\n`)
      lines.delete(name)
    }
    const live = [...lines].slice(0, Math.max(1, screen.rows - 2))
    for (const [name, { text }] of live) out.push(`${cut(`${name}: ${text}`, screen.columns)}\n`)
    drawn = live.length
    screen.write(out.join(''))
  }

  return {
    set(name: string, text: string, done = false): void {
      lines.set(name, { text, done })
      timer ??= setTimeout(draw, INTERVAL)
    },
    /** Draws what is still to be drawn, and lets go of it. */
    finish(): void {
      clearTimeout(timer)
      if (timer !== undefined) draw()
      lines.clear()
      drawn = 0
    },
  }
}

/** Name and state in front of a bar, and numbers behind it. */
const BESIDE = 50

/** `[=====>     ]  1.2MB/3.4MB`; the bar as wide as the screen lets it be, or none. */
export function bar(current: number, total: number, columns: number): string {
  const numbers = total > 0 ? `${size(current)}/${size(total)}` : size(current)
  const wide = Math.min(50, columns - BESIDE)
  if (total <= 0 || wide < 20) return numbers
  const full = Math.min(wide, Math.floor((current / total) * wide))
  const head = full < wide ? '>' : ''
  return `[${'='.repeat(full)}${head}${' '.repeat(wide - full - head.length)}]  ${numbers}`
}

/** Four digits at most, always as many places, or the end of the line would jump. */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const value = bytes / 1000 ** unit
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 3 : value < 100 ? 2 : 1)}${units[unit]}`
}

/** A line that wraps would take two, and the count of lines to go up would be wrong. */
const cut = (line: string, columns: number) => (characters(line) < columns ? line : [...line].slice(0, Math.max(1, columns - 1)).join(''))
