import { describe, expect, test } from 'vitest'
import { IgnorePatterns, readIgnoreFile } from '../../../../lib/build/dockerfile/ignore.ts'

describe('one pattern', () => {
  test.each<[string, string, boolean]>([
    ['**', 'file', true],
    ['**/', 'dir/file', true],
    ['**/**', 'dir/file', true],
    ['dir/**', 'dir/dir2/file', true],
    ['dir/**', 'dir', false],
    ['abc/**', 'abc', false],
    ['**/dir', 'dir', true],
    ['**/dir', 'dir/file', true],
    ['**/dir', 'a/b/dir', true],
    ['**/dir2/*', 'dir/dir2/file', true],
    ['**/dir2/**', 'dir/dir2/dir3/file', true],
    ['**file', 'dir/dir/file', true],
    ['**/file*.txt*', 'dir/dir/file.txt', true],
    ['**/**/*.txt', 'file.txt', true],
    ['**/**/*.txt2', 'dir/dir/file.txt', false],
    ['a**/*.txt', 'a/dir/dir/file.txt', true],
    ['a/*.txt', 'a/dir/file.txt', false],
    ['a/*.txt', 'a/file.txt', true],
    ['a[b-d]e', 'ace', true],
    ['a[b-d]e', 'aae', false],
    ['a[^b-d]e', 'aze', true],
    ['.*', '.foo', true],
    ['.*', 'foo', false],
    ['abc.def', 'abcZdef', false],
    ['abc?def', 'abcZdef', true],
    ['abc?def', 'abc/def', false],
    ['**/.foo', 'bar.foo', false],
    ['a(b)c/def', 'a(b)c/def', true],
    ['a.|)$(}+{bc', 'a.|)$(}+{bc', true],
    ['dist/*.whl', 'dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['*', 'a/b/c', true],
    ['a*', 'ab/c', true],
    ['a*/b', 'a/c/b', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['[\\]a]', ']', true],
    ['[x\\-]', '-', true],
    ['[\\-x]', 'a', false],
    ['node_modules', 'src/node_modules', false],
    ['./docs/', 'docs/x', true],
  ])('%s for %s: %s', (pattern, path, expected) => {
    expect(new IgnorePatterns([pattern]).ignores(path)).toBe(expected)
  })
})

test.each<[string[], string, boolean]>([
  [['*.go', '!fileutils.go'], 'fileutils.go', false],
  [['!fileutils.go', '*.go'], 'fileutils.go', true],
  [['docs', '!docs/README.md'], 'docs/README.md', false],
  [['docs/*', '!docs/README.md'], 'docs/README.md', false],
  [['**', '!util/docker/web'], 'util/docker/web/foo', false],
  [['**', '!util/docker/web', 'util/docker/web/foo'], 'util/docker/web/foo', true],
  [['*.md', '!README*.md', 'README-secret.md'], 'README-secret.md', true],
  [['docs', '  !docs/README.md  '], 'docs/README.md', false],
  [[], 'x', false],
])('%j for %s: %s', (patterns, path, expected) => {
  expect(new IgnorePatterns(patterns).ignores(path)).toBe(expected)
})

test.each(['[', 'a[', '[^bc', '[]a]', '[-]', '[x-]', '[-x]', '[a-b-c]', '\\', '!', '[z-a]'])('%s is no pattern', (pattern) => {
  expect(() => new IgnorePatterns([pattern])).toThrow(SyntaxError)
})

test('folders that nothing can come back from need no look', () => {
  const patterns = new IgnorePatterns(['node_modules', 'docs', '!docs/keep/*'])
  expect(patterns.hidesAllBelow('node_modules')).toBe(true)
  expect(patterns.hidesAllBelow('src')).toBe(false)
  expect(new IgnorePatterns(['docs', 'node_modules', '!docs/keep/a']).hidesAllBelow('node_modules')).toBe(true)
  expect(new IgnorePatterns(['docs', '!docs/keep/a']).hidesAllBelow('docs/keep')).toBe(false)
  expect(new IgnorePatterns(['docs', '!docs/keep/a']).hidesAllBelow('docs/other')).toBe(true)
  expect(new IgnorePatterns(['**', '!**/a']).hidesAllBelow('docs/other')).toBe(false)
})

test('an ignore file has comments, blank lines and slashes in front', () => {
  expect(readIgnoreFile('\uFEFF# no\n\n/a/b/\n !/c/../d \r\n*.o\n/\n# x')).toEqual(['a/b/', '!d', '*.o', '/'])
})

// Found by fuzzing: a regular expression tries all ways to share the path out among the wildcards.
test('many wildcards take no more time than their number', () => {
  const path = `${'a/'.repeat(1000)}b`
  const start = performance.now()
  for (const wildcard of ['**/', '**a', '*/', '[a-z]*/']) expect(new IgnorePatterns([`${wildcard.repeat(20)}x`]).ignores(path)).toBe(false)
  expect(performance.now() - start).toBeLessThan(2_000)
})
