import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const sources = ['caps', 'content', 'copy-xattrs', 'copyup', 'hard-links', 'lines', 'records', 'report', 'resolve', 'users']

/** Numbers of the calls that Linux 4.18 does not have: the mount calls of 5.2 and 5.12, close_range, openat2. The same on every machine. */
export const newerCalls = { mounts: [428, 429, 430, 431, 432, 442], closeRange: [436], openat2: [437] }

/** Compiles test/fixtures/runtime-probe.c with the parts of the runtime that it calls; gives a function that runs it and returns what it prints. */
export function runtimeProbe(folder: string): (args: string[], without?: number[]) => string {
  const program = join(folder, 'runtime-probe')
  const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname
  const files = [path('test/fixtures/runtime-probe.c'), ...sources.map((name) => path(`native/runtime/${name}.c`))]
  execFileSync('cc', ['-O1', '-D_GNU_SOURCE', '-I', path('native/runtime'), '-o', program, ...files])
  return (args, without = []) =>
    execFileSync(program, [...(without.length > 0 ? ['--without', without.join(',')] : []), ...args], { encoding: 'utf8', timeout: 30_000 }).trimEnd()
}
