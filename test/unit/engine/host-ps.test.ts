import { expect, test } from 'vitest'
import { ofProcesses } from '../../../lib/engine/host-ps.ts'

const output = `USER         PID COMMAND
root          10 sh -c a  b
root          11 other
root         100 sleep 5
`

test('lines of these processes, the last cell with the blanks that Docker leaves in it', () => {
  expect(ofProcesses(output, [10, 100])).toEqual([
    ['USER', 'PID', 'COMMAND'],
    ['root', '10', 'sh -c a b'],
    ['root', '100', 'sleep 5'],
  ])
})

test('a line of a thread goes with its process', () => {
  expect(ofProcesses('  PID   LWP CMD\n   10     - sh\n    -    10 -\n   11     - x\n    -    11 -\n', [10])).toEqual([
    ['PID', 'LWP', 'CMD'],
    ['10', '-', 'sh'],
    ['-', '10', '-'],
  ])
})

test('without a PID nobody knows whose line it is', () => {
  expect(() => ofProcesses('USER CMD\nroot sh\n', [10])).toThrow(expect.objectContaining({ message: "Couldn't find PID field in ps output", exitCode: 1 }))
})
