import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { followLog } from '../../../lib/logs/follow.ts'
import { readLog } from '../../../lib/logs/read.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lichen-logs-'))
  path = join(folder, 'log')
})
afterEach(() => rmSync(folder, { recursive: true }))

const line = (text: string) => `2024-05-01T12:00:00.000000000Z stdout F ${text}\n`
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => line(String(from + at))).join('')
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `${from + at}\n`).join('')

async function read(options: { tail?: number; follow?: ReturnType<typeof followLog>; seen?: (text: string) => void } = {}): Promise<string> {
  const wish = { since: undefined, until: undefined, timestamps: false, details: false }
  let text = ''
  for await (const { bytes } of readLog({ path, driver: 'k8s-file', wish, tail: options.tail, follow: options.follow })) {
    text += Buffer.from(bytes).toString()
    options.seen?.(text)
  }
  return text
}

describe('what is there', () => {
  it('is nothing where there is no log yet', async () => {
    expect(await read()).toBe('')
  })

  it('is read over rotated files, oldest first', async () => {
    writeFileSync(`${path}.2`, lines(0, 10))
    writeFileSync(`${path}.1`, lines(10, 20))
    writeFileSync(path, lines(20, 25))
    expect(await read()).toBe(numbers(0, 25))
  })

  it.each([
    [0, ''],
    [1, numbers(24, 25)],
    [5, numbers(20, 25)],
    [6, numbers(19, 25)],
    [15, numbers(10, 25)],
    [24, numbers(1, 25)],
    [100, numbers(0, 25)],
  ])('ends with the last %i lines', async (tail, text) => {
    writeFileSync(`${path}.2`, lines(0, 10))
    writeFileSync(`${path}.1`, lines(10, 20))
    writeFileSync(path, lines(20, 25))
    expect(await read({ tail })).toBe(text)
  })

  it('is read in chunks, of which a line may be longer', async () => {
    const long = 'x'.repeat(3 * 1024 * 1024)
    writeFileSync(path, lines(0, 50_000) + line(long) + lines(0, 10))
    expect((await read()) === `${numbers(0, 50_000)}${long}\n${numbers(0, 10)}`).toBe(true)
    expect((await read({ tail: 11 })) === `${long}\n${numbers(0, 10)}`).toBe(true)
    expect((await read({ tail: 20_000 })) === `${numbers(50_000 - 19_989, 50_000)}${long}\n${numbers(0, 10)}`).toBe(true)
  })
})

describe('following', () => {
  /** Carries out one step after the other, each when what it waits for has been read. */
  async function script(steps: [string, () => void][], end: () => void): Promise<string> {
    let over = () => {}
    const follow = followLog(path, new Promise<void>((resolve) => (over = resolve)))
    const seen = (text: string) => {
      const [next] = steps
      if (next === undefined || !text.endsWith(next[0])) return
      steps.shift()
      next[1]()
      if (steps.length > 0) return
      end()
      over()
    }
    const text = await read({ follow, seen })
    follow.close()
    return text
  }

  it('reads what is appended until the end, and then the rest', async () => {
    writeFileSync(path, lines(0, 2))
    const text = await script(
      [
        ['1\n', () => appendFileSync(path, lines(2, 3))],
        ['2\n', () => appendFileSync(path, lines(3, 4))],
        ['3\n', () => {}],
      ],
      () => appendFileSync(path, lines(4, 6)),
    )
    expect(text).toBe(numbers(0, 6))
  })

  it('waits for the rest of a line', async () => {
    writeFileSync(path, lines(0, 1))
    const [begin, rest] = [line('12').slice(0, 20), line('12').slice(20)]
    const text = await script(
      [
        [
          '0\n',
          () => {
            appendFileSync(path, begin)
            setImmediate(() => appendFileSync(path, rest))
          },
        ],
        ['12\n', () => {}],
      ],
      () => {},
    )
    expect(text).toBe('0\n12\n')
  })

  it('goes on in the new file after rotations, however many there were', async () => {
    writeFileSync(path, lines(0, 1))
    const rotate = (from: number) => {
      appendFileSync(path, lines(from, from + 1))
      renameSync(path, `${path}.1`)
      writeFileSync(path, lines(from + 1, from + 2))
    }
    const twice = () => {
      renameSync(path, `${path}.1`)
      writeFileSync(path, lines(3, 4))
      renameSync(`${path}.1`, `${path}.2`)
      renameSync(path, `${path}.1`)
      writeFileSync(path, lines(4, 5))
    }
    expect(
      await script(
        [
          ['0\n', () => rotate(1)],
          ['2\n', twice],
          ['4\n', () => {}],
        ],
        () => {},
      ),
    ).toBe(numbers(0, 5))
  })

  it('begins where there is no file yet, and survives its removal', async () => {
    let over = () => {}
    const follow = followLog(path, new Promise<void>((resolve) => (over = resolve)))
    setImmediate(() => writeFileSync(path, lines(0, 1)))
    const text = await read({
      follow,
      seen: () => {
        rmSync(path)
        over()
      },
    })
    follow.close()
    expect(text).toBe('0\n')
  })
})
