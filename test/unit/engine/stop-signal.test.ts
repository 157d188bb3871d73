import { expect, it } from 'vitest'
import { signalNumber } from '../../../lib/engine/stop-signal.ts'

it.each([
  ['9', 9],
  ['KILL', 9],
  ['SIGKILL', 9],
  ['sigterm', 15],
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
])('%s is a signal', (text, number) => {
  expect(signalNumber(text)).toBe(number)
})

it.each(['', '0', '65', '-9', 'NOPE', 'SIG', 'RTMIN+31', 'TERM '])('%j is none', (text) => {
  expect(() => signalNumber(text)).toThrow(
    expect.objectContaining({
      code: 'BAD_SIGNAL',
      exitCode: 1,
      message: `invalid signal: ${text}`,
    }),
  )
})
