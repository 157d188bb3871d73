import { describe, expect, it } from 'vitest'
import { type CopyKind, copyPath, decideCopy } from '../../../lib/engine/copy-paths.ts'

const decide = (source: [string, 'directory' | 'other'], target: [string, CopyKind]) => {
  try {
    return decideCopy({ ...copyPath(source[0], '/here'), kind: source[1] }, { ...copyPath(target[0], '/'), kind: target[1] })
  } catch (error) {
    return (error as Error).message
  }
}

describe('the table of docker cp', () => {
  it.each([
    // a file
    ['f', 'other', '/x/new', undefined, { into: '/x', name: 'new' }],
    ['f', 'other', '/x/new/', undefined, '/x/new: no such directory'],
    ['f', 'other', '/x/old', 'other', { into: '/x', name: 'old' }],
    ['f', 'other', '/x/dir', 'directory', { into: '/x/dir', name: 'f' }],
    ['f', 'other', '/x/dir/', 'directory', { into: '/x/dir', name: 'f' }],
    ['f', 'other', '/x/old/', 'other', '/x/old: not a directory'],
    ['f/', 'other', '/x/dir', 'directory', '/here/f: not a directory'],
    ['f/.', 'other', '/x/dir', 'directory', '/here/f: not a directory'],
    // a directory
    ['d', 'directory', '/x/new', undefined, { into: '/x', name: 'new' }],
    ['d', 'directory', '/x/new/', undefined, { into: '/x', name: 'new' }],
    ['d/.', 'directory', '/x/new', undefined, { into: '/x', name: 'new' }],
    ['d', 'directory', '/x/old', 'other', 'cannot copy directory /here/d to file /x/old'],
    ['d/.', 'directory', '/x/old', 'other', 'cannot copy directory /here/d to file /x/old'],
    ['d', 'directory', '/x/dir', 'directory', { into: '/x/dir', name: 'd' }],
    ['d/', 'directory', '/x/dir', 'directory', { into: '/x/dir', name: 'd' }],
    ['d/.', 'directory', '/x/dir', 'directory', { into: '/x/dir', name: '' }],
    ['.', 'directory', '/x/dir', 'directory', { into: '/x/dir', name: '' }],
    ['/', 'directory', '/x/dir', 'directory', { into: '/x/dir', name: '' }],
    ['d', 'directory', '/', 'directory', { into: '/', name: 'd' }],
  ] as const)('%s (%s) to %s (%s)', (source, kind, target, there, expected) => {
    expect(decide([source, kind], [target, there])).toEqual(expected)
  })
})

describe('copyPath', () => {
  it('begins where it is told, and knows no way out of /', () => {
    expect(copyPath('a/../b', '/w').path).toBe('/w/b')
    expect(copyPath('../../../etc/passwd', '/').path).toBe('/etc/passwd')
    expect(copyPath('', '/')).toEqual({ path: '/', directory: true, contents: true })
  })
})
