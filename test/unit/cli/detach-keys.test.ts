import { expect, test } from 'vitest'
import { parseDetachKeys } from '../../../lib/cli/detach-keys.ts'

test.each<[string | undefined, number[]]>([
  [undefined, [16, 17]],
  ['', [16, 17]],
  ['ctrl-p,ctrl-q', [16, 17]],
  ['a', [97]],
  ['a,ctrl-]', [97, 29]],
  ['ctrl-@,ctrl-a,ctrl-z', [0, 1, 26]],
  ['ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [27, 28, 29, 30, 31]],
  ['DEL,~,Q,1', [127, 126, 81, 49]],
])('%j', (text, bytes) => {
  expect([...parseDetachKeys(text)]).toEqual(bytes)
})

test.each(['ctrl-', 'ctrl-A', 'ctrl-1', 'ctrl-p,', ',', 'ctrl-pp', 'ab', 'é', 'CTRL-p', 'ctrl-p ctrl-q', 'ctrl-,', '\u{1f600}'])(
  "%j is an error in Docker's words",
  (text) => {
    expect(() => parseDetachKeys(text)).toThrow(expect.objectContaining({ code: 'USAGE', exitCode: 125, message: `Invalid detach keys (${text}) provided` }))
  },
)
