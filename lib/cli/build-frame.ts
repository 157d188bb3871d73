import { characters } from './width.ts'

/** A step as it is drawn. Times are milliseconds of one clock. */
export interface DrawnStep {
  title: string
  started: number
  ended: number | undefined
  state: 'running' | 'done' | 'cached' | 'failed' | 'canceled'
  /** The last lines that it has printed. */
  tail: readonly string[]
}

export interface FrameInput {
  steps: readonly DrawnStep[]
  began: number
  now: number
  columns: number
  /** Lines that fit; undefined: all are shown, nothing changes any more. */
  rows: number | undefined
  color: boolean
}

/** Lines of output below a running step, and the least that a screen leaves for them. */
const TAIL = 6

const COLOURS: Readonly<Record<DrawnStep['state'], string>> = { running: '', done: '\x1b[34m', cached: '\x1b[34m', failed: '\x1b[31m', canceled: '\x1b[33m' }
const WORDS: Readonly<Record<DrawnStep['state'], string>> = { running: '', done: '', cached: 'CACHED ', failed: 'ERROR ', canceled: 'CANCELED ' }

/** What BuildKit shows on a terminal: a line a step with its time, and the last words of those that run. No line is as wide as the screen. Pure. */
export function buildFrame({ steps, began, now, columns, rows, color }: FrameInput): string[] {
  const over = steps.filter(({ ended }) => ended !== undefined).length
  const head = `[+] Building ${seconds(now - began)}s (${over}/${steps.length})${rows === undefined ? ' FINISHED' : ''}`
  const shown = rows === undefined ? [...steps] : fitting(steps, rows - 2)
  const running = shown.filter(({ state }) => state === 'running').length
  const spare = rows === undefined || running === 0 ? 0 : Math.min(TAIL, Math.floor((rows - 2 - shown.length) / running))
  return [
    paint(cut(head, columns), color && rows === undefined && steps.some(({ state }) => state === 'failed') ? '\x1b[31m' : '', color),
    ...shown.flatMap((step) => [stepLine(step, now, columns, color), ...tailLines(step, spare, columns, color)]),
  ]
}

/** What runs is always seen; of what is over, the latest. */
function fitting(steps: readonly DrawnStep[], room: number): DrawnStep[] {
  const over = steps.filter(({ ended }) => ended !== undefined)
  const surplus = steps.length - Math.max(1, room)
  const hidden = new Set(over.slice(0, Math.max(0, surplus)))
  return steps.filter((step) => !hidden.has(step)).slice(-Math.max(1, room))
}

function stepLine({ title, started, ended, state }: DrawnStep, now: number, columns: number, color: boolean): string {
  const time = `${seconds((ended ?? now) - started)}s`
  const wide = columns - 2 - time.length
  const text = cut(` => ${WORDS[state]}${title}`, wide)
  return paint(`${text}${' '.repeat(Math.max(1, wide - characters(text)))}${time}`, COLOURS[state], color)
}

function tailLines({ state, tail }: DrawnStep, spare: number, columns: number, color: boolean): string[] {
  if (state !== 'running' || spare <= 0) return []
  return tail.slice(-spare).map((line) => paint(cut(` => => # ${line}`, columns), '\x1b[2m', color))
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1)
const paint = (text: string, colour: string, color: boolean) => (color && colour !== '' ? `${colour}${text}\x1b[0m` : text)
/** One that wraps would be two. */
const cut = (line: string, columns: number) => (characters(line) < columns ? line : [...line].slice(0, Math.max(1, columns - 1)).join(''))
