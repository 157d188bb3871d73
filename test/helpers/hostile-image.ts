import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from './sandbox.ts'

/** Imports busybox's root file system, after `spoil` has been at it, as an image of this name. */
export async function hostileImage(sandbox: Sandbox, name: string, spoil: (root: string) => void): Promise<void> {
  const root = join(sandbox.files, `${name}-root`)
  cpSync(join(sandbox.files, 'busybox-root'), root, { recursive: true, verbatimSymlinks: true })
  spoil(root)
  const tar = `${root}.tar`
  execFileSync('tar', ['--owner=0', '--group=0', '--numeric-owner', '--sparse', '-C', root, '-cf', tar, '.'])
  rmSync(root, { recursive: true })
  await sandbox.ok('import', '--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin', tar, name)
  rmSync(tar)
}
