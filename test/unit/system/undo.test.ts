import { expect, test } from 'vitest'
import { LichenError } from '../../../lib/system/errors.ts'
import { undoStack } from '../../../lib/system/undo.ts'

const fail = (message: string) => () => {
  throw new Error(message)
}

test('steps are taken back in reverse order, past failures, and all failures are told', async () => {
  const undo = undoStack()
  const done: number[] = []
  undo.add('one', () => done.push(1))
  undo.add('two', fail('2 is stuck'))
  undo.add('three', async () => void done.push(3))
  undo.add('four', fail('4 is stuck'))
  await expect(undo.run()).rejects.toMatchObject({ code: 'UNDO_FAILED', message: 'not everything could be taken back: four: 4 is stuck; two: 2 is stuck' })
  expect(done).toEqual([3, 1])
  await undo.run()
  expect(done).toEqual([3, 1])
})

test('the error that was first stays the error', async () => {
  const undo = undoStack()
  const first = new LichenError('no such image', { code: 'X', hint: 'pull it', exitCode: 9 })
  await expect(undo.run(first)).rejects.toBe(first)
  undo.add('remove a', fail('busy'))
  await expect(undo.run(first)).rejects.toMatchObject({ code: 'X', hint: 'pull it', exitCode: 9, message: 'no such image (and afterwards: remove a: busy)' })
})

test('success takes nothing back', async () => {
  const undo = undoStack()
  undo.add('never', fail('called'))
  undo.forget()
  await undo.run()
})
