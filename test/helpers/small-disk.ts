import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmdirSync } from 'node:fs'
import { afterAll, beforeAll } from 'vitest'
import type { Sandbox } from './sandbox.ts'

/** A file system of so many megabytes, which is the test user's, for the tests of a file: a data root that becomes full. */
export function useSmallDisk(box: Sandbox, megabytes: number): { readonly path: string } {
  const path = mkdtempSync('/tmp/lichen-small-')
  beforeAll(() => {
    if (process.getuid?.() !== 0) throw new Error('run this file as root: it mounts a small file system for the test user')
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'lichen-small', path])
    chownSync(path, box.user.uid, box.user.gid)
  })
  afterAll(() => {
    execFileSync('umount', [path])
    rmdirSync(path)
  })
  return { path }
}
