import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newerCalls, runtimeProbe } from '../../helpers/runtime-probe.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-users-'))
const root = join(folder, 'root')
const [passwd, group] = [join(root, 'etc/passwd'), join(root, 'etc/group')]
let probe: ReturnType<typeof runtimeProbe>
beforeAll(() => {
  probe = runtimeProbe(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeEach(() => {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(
    passwd,
    [
      'root:x:0:0:root:/root:/bin/sh',
      '',
      'broken line',
      'odd:x:seven:7::/odd:/bin/sh',
      '1000:x:5:5::/a-number:/bin/sh',
      'alice:x:1000:100:A:/home/alice:/bin/sh',
      'alice2:x:1000:200:A:/home/alice2:/bin/sh',
      'no-home:x:1001:1001:::',
      'last:x:4294967294:1::/last:/bin/sh',
    ].join('\n'),
  )
  writeFileSync(group, 'root:x:0:\nbin:x:1:root,alice\nbroken\nstaff:x:50:bob,alice\nbad:x:minus:alice\nusers:x:100:\nalicea:x:51:alicea,xalice\n')
})

const user = (spec: string, ...groups: string[]) => probe(['user', root, spec, ...groups])

describe('who somebody is', () => {
  test.each([
    ['', '0 0 0,1 /root'],
    ['root', '0 0 0,1 /root'],
    ['0', '0 0 0,1 /root'],
    ['alice', '1000 100 100,1,50 /home/alice'],
    // A number is an id even where somebody has it for a name, and the first entry counts.
    ['1000', '1000 100 100,1,50 /home/alice'],
    ['2000', '2000 0 0 /'],
    ['no-home', '1001 1001 1001 /'],
    ['last', '4294967294 1 1 /last'],
    ['alice:staff', '1000 50 50 /home/alice'],
    ['alice:4000', '1000 4000 4000 /home/alice'],
    ['1000:0', '1000 0 0 /home/alice'],
    [':bin', '0 1 1 /root'],
    ['alice:', '1000 100 100,1,50 /home/alice'],
  ])('%j is %j', (spec, expected) => {
    expect(user(spec)).toBe(expected)
  })

  test.each([
    ['bob', 'unable to find user bob: no matching entries in passwd file'],
    ['odd', 'unable to find user odd: no matching entries in passwd file'],
    ['-1', 'unable to find user -1: no matching entries in passwd file'],
    ['alice:nobody', 'unable to find group nobody: no matching entries in group file'],
    ['4294967295', 'uid 4294967295 is out of range: ids are below 4294967295'],
    ['4294967296', 'uid 4294967296 is out of range: ids are below 4294967295'],
    ['18446744073709551616', 'uid 18446744073709551616 is out of range: ids are below 4294967295'],
    ['0:4294967295', 'gid 4294967295 is out of range: ids are below 4294967295'],
  ])('%j is refused: %s', (spec, message) => {
    expect(user(spec)).toBe(message)
  })

  test('additional groups come by name and by number, once each, before those of the image', () => {
    expect(user('alice', 'staff', '7', '7')).toBe('1000 100 100,50,7,1 /home/alice')
    expect(user('alice:users', 'bin')).toBe('1000 100 100,1 /home/alice')
    expect(user('alice', 'none')).toBe('unable to find group none: no matching entries in group file')
  })

  test('an image without these files has numbers', () => {
    rmSync(join(root, 'etc'), { recursive: true })
    expect(user('')).toBe('0 0 0 /')
    expect(user('5:6', '7')).toBe('5 6 6,7 /')
    expect(user('root')).toBe('unable to find user root: no matching entries in passwd file')
  })
})

describe.each<[string, number[]]>([
  ['with openat2', []],
  ['without', newerCalls.openat2],
])('files that are traps, %s', (_, without) => {
  const trapped = (spec: string) => {
    const start = performance.now()
    const said = probe(['user', root, spec], without)
    expect(performance.now() - start, 'milliseconds').toBeLessThan(5000)
    return said
  }

  test('a fifo, a device and a directory are refused', () => {
    rmSync(passwd)
    execFileSync('mkfifo', [passwd])
    expect(trapped('alice')).toBe('/etc/passwd of the container is not a regular file')
    rmSync(passwd)
    mkdirSync(passwd)
    expect(trapped('')).toBe('/etc/passwd of the container is not a regular file')
    rmSync(group)
    execFileSync('mkfifo', [group])
    writeFileSync(join(root, 'etc/p'), 'alice:x:1000:100::/home/alice:\n')
    rmSync(passwd, { recursive: true })
    symlinkSync('p', passwd)
    expect(trapped('alice')).toBe('/etc/group of the container is not a regular file')
  })

  test('a link out of the container finds nothing there', () => {
    writeFileSync(join(folder, 'secret'), 'alice:x:1:1::/:\n')
    for (const text of [join(folder, 'secret'), '../../secret', '/proc/self/root/etc/passwd']) {
      rmSync(passwd)
      symlinkSync(text, passwd)
      expect(trapped('alice')).toBe('unable to find user alice: no matching entries in passwd file')
    }
  })

  test('what is too large is refused at once', () => {
    truncateSync(group, 1 << 30)
    expect(trapped('alice')).toBe('/etc/group of the container is larger than 16 MiB')
    writeFileSync(group, 'x'.repeat(2 << 20))
    expect(trapped('alice')).toBe('/etc/group of the container has a line of more than 1 MiB')
  })

  test('a line of a thousand members, and more groups than a process can have', () => {
    writeFileSync(group, `many:x:60:${Array.from({ length: 20_000 }, (_, i) => `user${i}`).join(',')},alice\n`)
    expect(trapped('alice')).toBe('1000 100 100,60 /home/alice')
    writeFileSync(group, Array.from({ length: 300_000 }, (_, i) => `g${i}:x:${i + 1000}:alice\n`).join(''))
    expect(trapped('alice').split(' ')[2]?.split(',').length).toBe(65536)
  })
})
