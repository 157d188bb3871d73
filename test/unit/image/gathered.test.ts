import { expect, test } from 'vitest'
import { gathered } from '../../../lib/image/gathered.ts'

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

async function* counting(count: number, size: number, seen: { at: number; closed: boolean }) {
  try {
    for (; seen.at < count; seen.at++) yield Buffer.alloc(size, seen.at)
  } finally {
    seen.closed = true
  }
}

test('what has come while the reader was busy is one piece, and nothing is lost or changes its place', async () => {
  const seen = { at: 0, closed: false }
  const pieces: Uint8Array[] = []
  for await (const piece of gathered(counting(100, 1000, seen))) {
    pieces.push(piece)
    await turn()
  }
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat(Array.from({ length: 100 }, (_, at) => Buffer.alloc(1000, at))))
  expect(pieces.length).toBeLessThan(5)
  expect(seen.closed).toBe(true)
})

test('a source is not read far ahead of its reader', async () => {
  const seen = { at: 0, closed: false }
  const reader = gathered(counting(1000, 65536, seen))
  await reader.next()
  await turn()
  expect(seen.at).toBeLessThan(20)
  await reader.return()
  expect(seen.closed).toBe(true)
})

test('a slow source is handed on as it comes', async () => {
  let release = () => {}
  async function* slow() {
    yield Buffer.from('first')
    await new Promise<void>((resolve) => {
      release = resolve
    })
    yield Buffer.from('second')
  }
  const reader = gathered(slow())
  expect(Buffer.from((await reader.next()).value!).toString()).toBe('first')
  release()
  expect(Buffer.from((await reader.next()).value!).toString()).toBe('second')
  expect((await reader.next()).done).toBe(true)
})

test('what came before a failure is handed on, then the failure', async () => {
  async function* failing() {
    yield Buffer.from('good')
    throw new Error('it broke')
  }
  const reader = gathered(failing())
  expect(Buffer.from((await reader.next()).value!).toString()).toBe('good')
  await expect(reader.next()).rejects.toThrow('it broke')
})

test('an empty source is empty, and empty pieces are none', async () => {
  expect((await gathered(counting(0, 1, { at: 0, closed: false })).next()).done).toBe(true)
  expect((await gathered(counting(3, 0, { at: 0, closed: false })).next()).done).toBe(true)
})
