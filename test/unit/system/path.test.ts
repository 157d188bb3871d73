import * as node from 'node:path'
import { describe, expect, it } from 'vitest'
import { dirname, normalize, resolve } from '../../../lib/system/path.ts'

const paths = [
  '/',
  '/a',
  '/a/b',
  '/a/b.c/d',
  '/a/',
  '/a//b',
  '//a',
  '/a/./b',
  '/a/../b',
  '/..',
  '/a/.b',
  '/.a',
  '/a/...',
  'a',
  'a/b',
  './a',
  '../a',
  '.',
  '..',
  '',
  '/a b/c\n',
]

describe('the same as node:path', () => {
  it.each(paths)('%j', (path) => {
    expect([resolve(path), normalize(path), dirname(path)]).toEqual([node.resolve(path), node.posix.normalize(path), node.dirname(path)])
  })
})
