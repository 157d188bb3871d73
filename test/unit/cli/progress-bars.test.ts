import { expect, test, vi } from 'vitest'
import { bar, progressBars } from '../../../lib/cli/progress-bars.ts'

function screen(rows = 24, columns = 80) {
  let text = ''
  return {
    rows,
    columns,
    write: (more: string) => {
      text += more
    },
    /** What stands there in the end: up and erase are carried out. */
    get lines() {
      const lines: string[] = ['']
      for (const part of text.split(/(\u001b\[\d*[AJ]|\n)/)) {
        const up = /^\u001b\[(\d+)A$/.exec(part)?.[1]
        if (up !== undefined) lines.length = Math.max(1, lines.length - Number(up))
        else if (part === '\u001b[J') lines[lines.length - 1] = ''
        else if (part === '\n') lines.push('')
        else lines[lines.length - 1] += part
      }
      return lines.slice(0, -1)
    },
  }
}

function draw(target: ReturnType<typeof screen>, steps: [string, string, boolean?][][]): string[] {
  vi.useFakeTimers()
  const bars = progressBars(target)
  for (const step of steps) {
    for (const [name, text, done] of step) bars.set(name, text, done)
    vi.advanceTimersByTime(100)
  }
  bars.finish()
  vi.useRealTimers()
  return target.lines
}

test('lines are redrawn in place, in the order in which they came', () => {
  expect(
    draw(screen(), [
      [
        ['a', '1'],
        ['b', '1'],
      ],
      [['a', '2']],
      [['b', 'done', true]],
      [['a', 'done', true]],
    ]),
  ).toEqual(['a: done', 'b: done'])
})

test('more lines than the screen is high: what is done at the top is left behind', () => {
  const names = Array.from({ length: 12 }, (_, n) => `l${n}`)
  const steps = [names.map((name): [string, string] => [name, 'Waiting']), ...names.map((name): [string, string, boolean][] => [[name, 'Pull complete', true]])]
  expect(draw(screen(5), steps)).toEqual(names.map((name) => `${name}: Pull complete`))
})

test('no line wraps', () => {
  expect(draw(screen(24, 20), [[['layer', 'x'.repeat(100)]]])[0]).toHaveLength(19)
})

test.each([
  [0, 1000, 100, `[>${' '.repeat(49)}]  0B/1.000kB`],
  [500, 1000, 100, `[${'='.repeat(25)}>${' '.repeat(24)}]  500B/1.000kB`],
  [1000, 1000, 100, `[${'='.repeat(50)}]  1.000kB/1.000kB`],
  [12_345_678, 99_900_000, 60, '12.35MB/99.90MB'],
  [5, 0, 100, '5B'],
])('a bar of %i of %i on %i columns', (current, total, columns, text) => {
  expect(bar(current, total, columns)).toBe(text)
})
