import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from './sandbox.ts'

/** A cgroup of version 2 that is delegated to the test user, as a login session would give it. */
export interface Delegated {
  /** Where containers of commands that `inside` starts get their cgroups. */
  path: string
  /** The same command, started in there. */
  inside(argv: string[]): string[]
  /** Cgroups that are left of containers. */
  left(): string[]
  remove(): void
}

/** Needs root, and the tree of version 2, be it the bare one that a hybrid host has beside version 1. */
export function delegate(box: Sandbox): Delegated {
  const mount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
    (path) => existsSync(join(path, 'cgroup.procs')) && existsSync(join(path, 'cgroup.subtree_control')),
  )
  if (mount === undefined || process.getuid?.() !== 0)
    throw new Error('this needs root and a mounted cgroup2 tree: mount -t cgroup2 none /sys/fs/cgroup/unified')
  const top = mkdtempSync(join(mount, 'lichen-e2e-'))
  const path = join(top, 'shell')
  mkdirSync(path)
  for (const folder of [top, path]) for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']) box.give(join(folder, file))
  const left = () => readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  return {
    path,
    inside: (argv) => ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(path, 'cgroup.procs'), ...argv],
    left,
    remove() {
      // Who is left in there is a container's, and the test has failed already.
      if (existsSync(join(top, 'cgroup.kill'))) writeFileSync(join(top, 'cgroup.kill'), '1')
      for (let attempt = 0; readFileSync(join(top, 'cgroup.events'), 'utf8').includes('populated 1') && attempt < 100; attempt++)
        execFileSync('sleep', ['0.05'])
      for (const name of left()) rmdirSync(join(path, name))
      for (const folder of [path, top]) rmdirSync(folder)
    },
  }
}
