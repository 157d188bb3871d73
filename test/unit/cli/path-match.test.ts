import { expect, test } from 'vitest'
import { expression, pathMatch } from '../../../lib/cli/path-match.ts'

test('patterns mean what Go says they mean', () => {
  const cases: [string, string, boolean][] = [
    ['busybox', 'busybox', true],
    ['busy*', 'busybox', true],
    ['busy*', 'busybox:latest', true],
    ['*', 'library/busybox', false],
    ['*/*', 'library/busybox', true],
    ['b?sybox', 'busybox', true],
    ['b?x', 'b/x', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[\\-a]x', '-x', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['a.c', 'abc', false],
    ['a+(b)|{c}$', 'a+(b)|{c}$', true],
    ['my-app.x_y', 'my-app.x_y', true],
    ['my-*', 'my-app', true],
    ['a\\-b', 'a-b', true],
    ['[a\\-c]x', 'bx', false],
    ['[a\\-c]x', '-x', true],
    ['', '', true],
    ['a', 'ab', false],
  ]
  for (const [pattern, text, fits] of cases) expect([pattern, text, pathMatch(pattern, text)]).toEqual([pattern, text, fits])
})

test('malformed patterns are known', () => {
  for (const pattern of ['[', '[]', '[a', 'a\\', '[b-a]']) expect([pattern, expression(pattern)]).toEqual([pattern, undefined])
})
