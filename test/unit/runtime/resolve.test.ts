import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newerCalls, runtimeProbe } from '../../helpers/runtime-probe.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-resolve-'))
const [root, victim] = [join(folder, 'root'), join(folder, 'victim')]
let probe: ReturnType<typeof runtimeProbe>
beforeAll(() => {
  probe = runtimeProbe(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeEach(() => {
  rmSync(root, { recursive: true, force: true })
  rmSync(victim, { recursive: true, force: true })
  for (const path of [victim, join(root, 'a/b'), join(root, 'proc')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(victim, 'canary'), '')
  writeFileSync(join(root, 'file'), '')
  for (const [name, text] of Object.entries({
    absolute: '/a/b',
    relative: 'a/./b/../b',
    up: '../../../../../..',
    out: victim,
    'out-up': `../../../../../../../../..${victim}`,
    dangling: '/no/where',
    loop: 'loop',
    chain: 'absolute',
    'to-file': '/file',
  }))
    symlinkSync(text, join(root, name))
})

/** As the kernel does it, and by hand as on kernels without openat2. */
describe.each<[string, number[]]>([
  ['by openat2', []],
  ['by hand', newerCalls.openat2],
])('%s', (_, without) => {
  const resolve = (path: string, inRoot = root) => probe(['resolve', inRoot, path], without).replace(inRoot, '')
  const make = (path: string, mode: string) => probe(['make', root, path, mode], without).replace(root, '')

  test.each([
    ['/', ''],
    ['', ''],
    ['a/b', '/a/b'],
    ['/a//b/', '/a/b'],
    ['/a/../../../a', '/a'],
    ['/../..', ''],
    ['/absolute', '/a/b'],
    ['/relative', '/a/b'],
    ['/chain/..', '/a'],
    ['/up', ''],
    ['/up/a', '/a'],
    ['/to-file', '/file'],
    ['/file/x', 'ENOTDIR'],
    ['/missing', 'ENOENT'],
    ['/dangling', 'ENOENT'],
    ['/loop', 'ELOOP'],
    ['/out', 'ENOENT'],
    ['/out-up/canary', 'ENOENT'],
  ])('%j is %j', (path, expected) => {
    expect(resolve(path)).toBe(expected)
  })

  test('no magic link of procfs is followed, and its plain links are', () => {
    expect(resolve('/proc/self/fd/0', '/')).toBe('ELOOP')
    expect(resolve('/proc/self/exe', '/')).toBe('ELOOP')
    expect(resolve('/proc/self/cwd/..', '/')).toBe('ELOOP')
    expect(resolve('/proc/self/root', '/')).toBe('ELOOP')
    expect(resolve('/proc/self/status', '/')).toMatch(/^proc\/\d+\/status$/)
    expect(resolve('/proc/mounts', '/')).toMatch(/^proc\/\d+\/mounts$/)
    expect(resolve('/proc/thread-self/stat', '/')).toMatch(/^proc\/\d+\/task\/\d+\/stat$/)
  })

  test('names that are too long, and links that lead to themselves, end', () => {
    expect(resolve(`/${'x'.repeat(300)}`)).toBe('ENAMETOOLONG')
    expect(resolve('/a'.repeat(3000))).toBe('ENAMETOOLONG')
    symlinkSync('/long/'.repeat(600), join(root, 'long'))
    expect(resolve('/long')).toMatch(/^(ELOOP|ENAMETOOLONG)$/)
  })

  test('what is missing is made, directories open to all and a file as asked for', () => {
    expect(make('/x/y/z', '40700')).toBe('/x/y/z new')
    expect([lstatSync(join(root, 'x')).mode & 0o7777, lstatSync(join(root, 'x/y/z')).mode & 0o7777]).toEqual([0o755, 0o700])
    expect(make('/x/y/z', '40755')).toBe('/x/y/z')
    expect(make('/x/f', '100644')).toBe('/x/f new')
    expect(lstatSync(join(root, 'x/f')).isFile()).toBe(true)
    expect(make('/x/f/g', '40755')).toBe('ENOTDIR')
    expect(make('/s/../t', '41777')).toBe('/t new')
    expect(lstatSync(join(root, 't')).mode & 0o7777).toBe(0o1777)
  })

  test('what a link names is made inside, wherever it points', () => {
    expect(make('/dangling', '40755')).toBe('/no/where new')
    expect(make('/out/canary', '100644')).toBe(`${victim}/canary new`)
    expect(make('/out-up/evil', '40755')).toBe(`${victim}/evil new`)
    expect(make('/up/../up/here', '40755')).toBe('/here new')
    expect(make('/loop', '40755')).toBe('ELOOP')
    expect(readdirSync(victim)).toEqual(['canary'])
  })
})
