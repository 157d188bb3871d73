import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const path = (name: string) => new URL(`../../${name}`, import.meta.url).pathname

/** Compiles test/fixtures/introspect.c so that it runs in any image; gives its path. */
export function compileIntrospector(folder: string): string {
  const program = join(folder, 'introspect')
  execFileSync('cc', ['-D_GNU_SOURCE', '-O1', '-static', '-pthread', '-o', program, path('test/fixtures/introspect.c')])
  return program
}

/** The block of docs/security.md that lists the facts of an ordinary container. */
export function publishedFacts(): string[] {
  const [, block] = /<!-- facts: .*? -->\s*```text\n(.*?)```/s.exec(readFileSync(path('docs/security.md'), 'utf8')) ?? []
  if (block === undefined) throw new Error('docs/security.md has no block of facts')
  return block.trimEnd().split('\n')
}

/** What the facts have of the paths that are hidden. */
export const maskedPaths = (facts: string[]) => facts.flatMap((fact) => /^read (\S+) empty$/.exec(fact)?.[1] ?? [])

/** Published facts, less those of what this kernel has not. */
export const expectedHere = (facts: string[]) =>
  facts.filter((fact) => {
    const [kind, where = ''] = fact.replace('/cpuN/', '/cpu0/').split(' ')
    if (where === '/sys/fs/cgroup') return /^\S+ \/sys\/fs\/cgroup cgroup2 /m.test(readFileSync('/proc/mounts', 'utf8'))
    return !((kind === 'mount' || kind === 'read') && /^\/(proc|sys)\//.test(where)) || existsSync(where)
  })

/**
 * What introspect prints, as docs/security.md says it: numbers of the host (ids, inodes, limits) left out or named, system calls by name. Calls of
 * Linux 6.6 and later are left out: what is said of them depends on the libseccomp of the build.
 */
export function describeFacts(output: string): string[] {
  const lines = output.trimEnd().split('\n')
  const facts = lines.filter((line) => !/^(uid_map|gid_map|limit|call \d|family|sysctl net\.ipv4\.ping_group_range)/.test(line)).map(describe)
  return [...new Set(facts), ...systemCalls(lines), ...families(lines)]
}

function describe(line: string): string {
  const [kind, name = '', third = '', ...rest] = line.replace(/\/cpu\d+\//, '/cpuN/').split(' ')
  if (kind === 'namespace') return `namespace ${name} ${third === readlinkSync(`/proc/self/ns/${name}`) ? "the host's" : 'own'}`
  if (kind !== 'mount') return [kind, name, third, ...rest].filter((word) => word !== '').join(' ')
  // Of what is bound, the file system is the host's; of the root, the storage driver's.
  const type = name === '/' ? 'root' : third !== 'proc' && rest[1] !== 'directory' ? 'bound' : third
  return `mount ${name} ${type} ${rest.join(' ')}`
}

function systemCalls(lines: string[]): string[] {
  const names = callNames()
  const found = new Map<string, string[]>()
  for (const line of lines) {
    const [, number = '', verdict = ''] = /^call (\d+) (\S+)/.exec(line) ?? []
    const name = names.get(Number(number))
    if (number === '' || verdict === 'allowed' || name === undefined) continue
    found.set(verdict, [...(found.get(verdict) ?? []), name])
  }
  return [...found].sort().flatMap(([verdict, list]) => wrapped(`calls ${verdict}`, list.sort()))
}

function families(lines: string[]): string[] {
  const found = lines.flatMap((line) => /^family (\d+) (?!allowed)/.exec(line)?.[1] ?? [])
  return found.length === 0 ? [] : [`socket families refused ${found.join(' ')}`]
}

/** Up to Linux 6.5, as the headers of this machine have them. */
function callNames(): Map<number, string> {
  const macros = execFileSync('cc', ['-E', '-dM', '-include', 'sys/syscall.h', '-x', 'c', '/dev/null'], { encoding: 'utf8' })
  const names = [...macros.matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(([, name = '', number]): [number, string] => [Number(number), name])
  return new Map(names.filter(([number]) => number < 451))
}

/** Lines of a readable width, each with the same beginning. */
function wrapped(head: string, words: string[]): string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length > 130) lines.push(`${head} ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
