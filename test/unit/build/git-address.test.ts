import { describe, expect, test } from 'vitest'
import { parseGitAddress, withoutPasswords } from '../../../lib/build/git-address.ts'

describe('what is a repository', () => {
  test.each<[string, object]>([
    ['https://github.com/a/b.git', { remote: 'https://github.com/a/b.git', ref: undefined, subdir: '' }],
    ['https://github.com/a/b.git#v1', { ref: 'v1' }],
    ['https://github.com/a/b.git#:docs/x/', { ref: undefined, subdir: 'docs/x' }],
    ['http://host:8080/b.git#main:./sub', { remote: 'http://host:8080/b.git', ref: 'main', subdir: 'sub' }],
    ['git://host/b', { remote: 'git://host/b' }],
    ['ssh://git@host:22/a/b', { remote: 'ssh://git@host:22/a/b', credentials: undefined }],
    ['git@github.com:a/b.git#refs/pull/1/head', { remote: 'git@github.com:a/b.git', ref: 'refs/pull/1/head' }],
    ['https://u:p%40w@host/b.git', { remote: 'https://host/b.git', credentials: 'u:p@w' }],
  ])('%s', (text, wanted) => {
    expect(parseGitAddress(text)).toMatchObject(wanted)
  })

  test.each(['https://github.com/a/b', 'https://host/x.tar.gz', 'file.git', './b.git', 'git@host', 'github.com/a/b', 'ftp://host/b.git', 'file:///b.git'])(
    'not %s',
    (text) => {
      expect(parseGitAddress(text)).toBeUndefined()
    },
  )

  test('github.com/ alone, where it is asked for', () => {
    expect(parseGitAddress('github.com/a/b#c:d', { short: true })).toMatchObject({ remote: 'https://github.com/a/b', ref: 'c', subdir: 'd' })
  })
})

test.each(['https://h/b.git#--upload-pack=x', 'https://h/b.git#a b', 'https://h/b.git#a..b', 'https://h/b.git#a:../x', 'https://h/b.git#a:b/../../x'])(
  '%s is refused: git would take it for something else',
  (text) => {
    expect(() => parseGitAddress(text)).toThrow(SyntaxError)
  },
)

test('passwords are not shown', () => {
  expect(withoutPasswords('ADD https://u:secret@host/x git@host:y https://host:80/a@b /d')).toBe('ADD https://u:xxxxx@host/x git@host:y https://host:80/a@b /d')
})
