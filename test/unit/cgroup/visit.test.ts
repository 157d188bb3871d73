import { describe, expect, it } from 'vitest'
import { commonFolder, placeVisit } from '../../../lib/cgroup/visit.ts'

describe('commonFolder', () => {
  it.each([
    ['/cg/a/b', '/cg/a/c', '/cg/a'],
    ['/cg/a', '/cg/a/c', '/cg/a'],
    ['/cg/a/c', '/cg/a', '/cg/a'],
    ['/cg/ab', '/cg/a', '/cg'],
    ['/cg/a', '/cg/a', '/cg/a'],
  ])('of %s and %s is %s', (a, b, folder) => {
    expect(commonFolder(a, b)).toBe(folder)
  })
})

describe('placeVisit', () => {
  it('has nothing to do for a container without a cgroup', async () => {
    expect(await placeVisit('0'.repeat(64), '')).toBeUndefined()
  })
})
