import { isCanceled } from '../build/canceled.ts'
import { buildFrame, type DrawnStep } from '../cli/build-frame.ts'
import { characters } from '../cli/width.ts'
import type { BuildEvent } from '../engine/build-input.ts'
import { visible } from '../system/log.ts'
import { type BuildProgress, lastWords, StepLines, TAIL, timed } from './build-progress.ts'

/** Milliseconds between two pictures. */
const INTERVAL = 100

interface Step extends DrawnStep {
  tail: string[]
  /** The same with times, for what failed. */
  words: string[]
  lines: StepLines
}

/** What programs say to a terminal of their own is not for this one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences
const plain = (line: string) => visible(line.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g, '').replaceAll('\t', '        '))

/** Progress as BuildKit's `--progress tty` has it: a picture that is drawn anew in its place. */
export function screenProgress(out: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): BuildProgress {
  const color = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  const began = performance.now()
  const steps = new Map<number, Step>()
  const after: string[] = []
  /** Widths of the lines that stand there. */
  let drawn: number[] = []
  let finished = false

  const columns = () => out.columns || 80
  /** A screen that has become narrower has broken lines in two. */
  const height = () => drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns())), 0)

  function draw(last: boolean): void {
    if (steps.size === 0) return
    const rows = last ? undefined : Math.max(4, out.rows || 24)
    const lines = buildFrame({ steps: [...steps.values()], began, now: performance.now(), columns: columns(), rows, color })
    const up = Math.min(height(), Math.max(0, (out.rows || 24) - 1))
    out.write(`${up > 0 ? `\x1b[${up}A` : ''}\r\x1b[J${lines.map((line) => `${line}\n`).join('')}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
    drawn = lines.map((line) => characters(line.replace(/\x1b\[\d+m/g, '')))
  }

  out.write('\x1b[?25l')
  const timer = setInterval(() => draw(false), INTERVAL)
  const resized = () => draw(false)
  out.on('resize', resized)

  function event(event: BuildEvent): void {
    if (event.kind === 'warning') return void after.push(`${event.text}\n`)
    if (event.kind === 'started') {
      const { number, title } = event
      steps.set(number, { title: visible(title), started: performance.now(), ended: undefined, state: 'running', tail: [], words: [], lines: new StepLines() })
      return
    }
    const step = steps.get(event.number)!
    if (event.kind === 'output') return keep(step, step.lines.take(event.bytes))
    keep(step, step.lines.end())
    step.ended = performance.now()
    step.state = event.kind === 'failed' ? (isCanceled(event.error) ? 'canceled' : 'failed') : event.kind
    if (step.state === 'failed') after.push(lastWords(step.title, step.words))
  }

  function keep(step: Step, lines: readonly string[]): void {
    for (const line of lines) {
      step.tail.push(plain(line))
      step.words.push(timed(step.started, line))
      for (const list of [step.tail, step.words]) if (list.length > TAIL) list.shift()
    }
  }

  return {
    event,
    finish() {
      if (finished) return
      finished = true
      clearInterval(timer)
      out.off('resize', resized)
      draw(true)
      out.write(`${after.join('')}\x1b[?25h`)
    },
  }
}
