import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireStaticBusybox } from './prerequisites.ts'

/** Makes a tar of a small root file system below `folder`, with alice (1000) and bob (1001) in it; gives its path. */
export function busyboxTar(folder: string): string {
  const busybox = requireStaticBusybox()
  const root = join(folder, 'busybox-root')
  for (const name of ['bin', 'etc', 'home', 'root', 'tmp', 'usr', 'var']) mkdirSync(join(root, name), { recursive: true, mode: 0o755 })
  chmodSync(join(root, 'tmp'), 0o1777)
  copyFileSync(busybox, join(root, 'bin/busybox'))
  chmodSync(join(root, 'bin/busybox'), 0o755)
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
  }
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home:/bin/sh\nbob:x:1001:1001::/home:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n',
  )
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nalice:x:1000:\nbob:x:1001:\nstaff:x:50:alice\nnobody:x:65534:\n')
  const tar = join(folder, 'busybox.tar')
  execFileSync('tar', ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', '-C', root, '-cf', tar, '.'])
  return tar
}
