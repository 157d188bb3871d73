// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { describe, expect, test } from 'vitest'
import { expandWord, expandWords } from '../../../../lib/build/dockerfile/expand.ts'

const lookupIn = (env: Record<string, string>) => (name: string) => env[name]

describe('expandWord', () => {
  const env = { PWD: '/home', SHELL: 'bash', KOREAN: '한국어', NULL: '', FOO: 'xxyy' }
  const cases: [string, string][] = [
    ['hello', 'hello'],
    ["he'll'o", 'hello'],
    ["'hello\\there'", 'hello\\there'],
    ['"hello"', 'hello'],
    ['hell\\o', 'hello'],
    ['hello\\\\', 'hello\\'],
    ['hello\\', 'hello'],
    ['he$PWD', 'he/home'],
    ['he${PWD}.x', 'he/home.x'],
    ['\\$PWD', '$PWD'],
    ["'$PWD'", '$PWD'],
    ['"$PWD"', '/home'],
    ['"\\$PWD"', '$PWD'],
    ['"\\a\\"b"', '\\a"b'],
    ['he$', 'he$'],
    ['he$.there', 'he$.there'],
    ['he$1there', 'hethere'],
    ['he$11there', 'hethere'],
    ['he$UNSET.', 'he.'],
    ['${KOREAN}', '한국어'],
    ['안녕$KOREAN', '안녕한국어'],
    ['$PWD$SHELL', '/homebash'],
    ['${UNSET:-x}', 'x'],
    ['${NULL:-x}', 'x'],
    ['${NULL-x}', ''],
    ['${UNSET-$PWD}', '/home'],
    ['${UNSET:-"a b"}', 'a b'],
    ['${UNSET:-${PWD}}', '/home'],
    ['${UNSET:-\\}}', '}'],
    ['${PWD:+x}', 'x'],
    ['${NULL:+x}', ''],
    ['${NULL+x}', 'x'],
    ['${UNSET+x}', ''],
    ['${PWD:?no}', '/home'],
    ['${NULL?no}', ''],
    ['${FOO#x}', 'xyy'],
    ['${FOO#*x*y}', 'y'],
    ['${FOO##*x}', 'yy'],
    ['${FOO#}', 'xxyy'],
    ['${FOO%y}', 'xxy'],
    ['${FOO%%y*}', 'xx'],
    ['${FOO%x}', 'xxyy'],
    ['${FOO/x/.}', '.xyy'],
    ['${FOO//x/.}', '..yy'],
    ['${FOO///}', 'xxyy'],
    ['${UNSET#x}', ''],
    ['${UNSET//x/y}', ''],
    ['v${UNSET:+-${UNSET}}.tar', 'v.tar'],
  ]
  test.each(cases)('%s is %s', (text, expected) => {
    expect(expandWord(text, lookupIn(env))).toBe(expected)
  })

  const patterns: [string, Record<string, string>, string][] = [
    ['${FOO#()[]{\\}^$.\\*\\?|\\\\}', { FOO: '()[]{}^$.*?|\\x' }, 'x'],
    ['${FOO%%\\**}', { FOO: 'xx**' }, 'xx'],
    ['${FOO#$BAR}', { FOO: 'xxyy', BAR: 'x' }, 'xyy'],
    ['${FOO#?\\?}', { FOO: '???y' }, '?y'],
    ['${FOO%%\\**\\*}', { FOO: 'a***yy*' }, 'a'],
    ['${FOO/$N/.} - ${FOO//$N/.}', { FOO: '/foo*/*/*.txt', N: '\\*/' }, '/foo.*/*.txt - /foo..*.txt'],
    ['${FOO/$N/} - ${FOO//$N/}', { FOO: '/tmp/tmp/bar.txt', N: '/tmp' }, '/tmp/bar.txt - /bar.txt'],
    ['${FOO/$N/$R} - ${FOO//$N/$R}', { FOO: '/a/foo/b/c.txt', N: '/?/', R: '/' }, '/foo/b/c.txt - /foo/c.txt'],
    ['${FOO//\\//\\/}', { FOO: '/tmp/foo.txt' }, '\\/tmp\\/foo.txt'],
    ['${FOO/$BAR/ww}', { FOO: 'xxyy', BAR: '' }, 'wwxxyy'],
    ['${FOO/x/$R}', { FOO: 'x', R: '$&' }, '$&'],
    ['${FOO%🚀}', { FOO: 'a🚀' }, 'a'],
  ]
  test.each(patterns)('%s in %j is %s', (text, variables, expected) => {
    expect(expandWord(text, lookupIn(variables))).toBe(expected)
  })

  test.each([
    ["he'llo", 'single-quote'],
    ['"hello', 'double-quote'],
    ['${PWD', "missing '}'"],
    ['${', "missing '}'"],
    ['${}', 'bad substitution'],
    ['${:}', 'bad substitution'],
    ['${PWD:-x', 'matching }'],
    ['${PWD:x}', 'unsupported modifier (:x)'],
    ['${PWD=x}', 'unsupported modifier (=)'],
    ['${FOO:#x}', 'unsupported modifier (:#)'],
    ['${FOO//ww}', 'matching /'],
    ['${NULL:?message here$SHELL}', 'NULL: message herebash'],
    ['${UNSET?}', 'UNSET: is not allowed to be unset'],
    ['${FOO#\\x}', 'invalid escape'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => expandWord(text, lookupIn(env))).toThrow(message)
  })

  test('nothing is no match right behind another one, as in Go', () => {
    expect(expandWord('${FOO//*/.} ${FOO//x*/.}', lookupIn({ FOO: 'axb' }))).toBe('. a.')
  })

  // As fuzzing found it for the patterns of .dockerignore.
  test('many wildcards take no more time than their number', () => {
    const start = performance.now()
    for (const form of ['#', '##', '%', '%%']) expect(expandWord(`\${FOO${form}${'*a'.repeat(20)}c}`, lookupIn({ FOO: 'ab'.repeat(300) }))).toHaveLength(600)
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  test('a backtick escapes where the directive says so', () => {
    expect(expandWord('C:\\a`$PWD', lookupIn(env), { backslash: '`' })).toBe('C:\\a$PWD')
  })

  test('quotes of a here-document stay', () => {
    expect(expandWord('it\'s "$SHELL"', lookupIn(env), { plainQuotes: true })).toBe('it\'s "bash"')
  })
})

test.each<[string, string[]]>([
  ['hello', ['hello']],
  ['hello  there', ['hello', 'there']],
  ['hello${hi}bye', ['hellobye']],
  ['$X', ['a', 'b']],
  ['"$X"', ['a b']],
  ['x$X.y', ['xa', 'b.y']],
  ['a\\ b c', ['a b', 'c']],
  ["''", ['']],
  ['$UNSET', []],
  ['"$UNSET"', ['']],
  ['80 $P/udp', ['80', '81/udp']],
])('words of %s are %j', (text, expected) => {
  expect(expandWords(text, lookupIn({ X: 'a b', P: '81' }))).toEqual(expected)
})
