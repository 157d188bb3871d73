import { describe, expect, test } from 'vitest'
import { buildFrame, type DrawnStep } from '../../../lib/cli/build-frame.ts'

const step = (title: string, state: DrawnStep['state'], tail: string[] = []): DrawnStep => ({
  title,
  started: 1000,
  ended: state === 'running' ? undefined : 1500,
  state,
  tail,
})
const frame = (steps: DrawnStep[], { rows = 24, columns = 40, color = false }: { rows?: number | undefined; columns?: number; color?: boolean } = {}) =>
  buildFrame({ steps, began: 0, now: 2000, columns, rows, color })

test('has a line a step, its time at the right, and the last words of what runs', () => {
  expect(frame([step('FROM a', 'done'), step('COPY', 'cached'), step('RUN x', 'running', ['one', 'two'])])).toEqual([
    '[+] Building 2.0s (2/3)',
    ' => FROM a                        0.5s',
    ' => CACHED COPY                   0.5s',
    ' => RUN x                         1.0s',
    ' => => # one',
    ' => => # two',
  ])
})

test('says what failed and what was canceled, and that it is over', () => {
  const lines = buildFrame({ steps: [step('RUN x', 'failed'), step('RUN y', 'canceled')], began: 0, now: 2000, columns: 40, rows: undefined, color: false })
  expect(lines).toEqual(['[+] Building 2.0s (2/2) FINISHED', ' => ERROR RUN x                   0.5s', ' => CANCELED RUN y                0.5s'])
})

describe('fits the screen', () => {
  test.each([10, 20, 33, 80])('%i columns', (columns) => {
    const lines = frame([step('RUN '.padEnd(200, 'x'), 'running', ['y'.repeat(300), 'é'.repeat(300)])], { columns })
    for (const line of lines) expect([...line].length).toBeLessThan(columns)
  })

  test.each([4, 8, 12])('%i rows: what runs is seen, what is over goes first', (rows) => {
    const steps = Array.from({ length: 20 }, (_, at) => step(`s${at}`, at === 3 ? 'running' : 'done', Array(9).fill('word')))
    const lines = frame(steps, { rows })
    expect(lines.length).toBeLessThan(rows)
    expect(lines.join('\n')).toContain('s3 ')
  })
})

test('colours take no room', () => {
  const [, plain] = frame([step('FROM a', 'done')])
  const [, coloured] = frame([step('FROM a', 'done')], { color: true })
  expect(coloured).toBe(`\x1b[34m${plain}\x1b[0m`)
})
