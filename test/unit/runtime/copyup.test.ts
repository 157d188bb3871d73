import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addon } from '../../../lib/system/addon.ts'
import { runtimeProbe } from '../../helpers/runtime-probe.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-copyup-'))
const [from, to] = [join(folder, 'from'), join(folder, 'to')]
let probe: ReturnType<typeof runtimeProbe>
beforeAll(() => {
  probe = runtimeProbe(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  for (const path of [from, to]) {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path)
  }
})

describe('what the image has below a new volume', () => {
  test('is copied with modes, times, links, fifos and holes', () => {
    mkdirSync(join(from, 'd/e'), { recursive: true })
    writeFileSync(join(from, 'd/e/file'), 'text')
    writeFileSync(join(from, 'tool'), '#!', { mode: 0o755 })
    // First: to whom is not root, a change of the size takes setuid away.
    truncateSync(join(from, 'tool'), 10 << 20)
    execFileSync('chmod', ['4711', join(from, 'tool')])
    execFileSync('chmod', ['2750', join(from, 'd')])
    execFileSync('chmod', ['1777', from])
    linkSync(join(from, 'd/e/file'), join(from, 'again'))
    symlinkSync('/etc/passwd', join(from, 'link'))
    execFileSync('mkfifo', [join(from, 'fifo')])
    addon.setxattr({ path: join(from, 'again'), name: 'user.colour', value: Buffer.from('green') })
    utimesSync(join(from, 'd'), 1000, 1000)

    expect(probe(['copy', from, to])).toBe('0')
    const mode = (name: string) => (lstatSync(join(to, name)).mode & 0o7777).toString(8)
    expect([mode('.'), mode('d'), mode('tool')]).toEqual(['1777', '2750', '4711'])
    expect(readFileSync(join(to, 'again'), 'utf8')).toBe('text')
    expect(statSync(join(to, 'again')).ino).toBe(statSync(join(to, 'd/e/file')).ino)
    expect(readlinkSync(join(to, 'link'))).toBe('/etc/passwd')
    expect(lstatSync(join(to, 'fifo')).isFIFO()).toBe(true)
    expect(statSync(join(to, 'd')).mtimeMs).toBe(1_000_000)
    expect(statSync(join(to, 'tool')).size).toBe(10 << 20)
    expect(statSync(join(to, 'tool')).blocks).toBeLessThan(100)
    expect(addon.getxattr({ path: join(to, 'again'), name: 'user.colour' })?.toString()).toBe('green')
  })

  test('stays out of a volume that has something', () => {
    writeFileSync(join(from, 'a'), '')
    writeFileSync(join(to, 'mine'), '')
    expect(probe(['copy', from, to])).toBe('0')
    expect(readdirSync(to)).toEqual(['mine'])
  })

  test('leaves a volume to whom it was given, where there is nothing but a mount point to copy', () => {
    chmodSync(to, 0o700)
    expect(probe(['copy', from, to])).toBe('0')
    expect(statSync(to).mode & 0o7777).toBe(0o700)
    chmodSync(from, 0o750)
    expect(probe(['copy', from, to])).toBe('0')
    expect(statSync(to).mode & 0o7777).toBe(0o750)
  })

  test('may be deep, up to a limit', () => {
    const deep = (depth: number) => execFileSync('mkdir', ['-p', join(from, 'd/'.repeat(depth))])
    deep(150)
    expect(probe(['copy', from, to])).toBe('0')
    expect(statSync(join(to, 'd/'.repeat(150))).isDirectory()).toBe(true)
    rmSync(to, { recursive: true })
    mkdirSync(to)
    deep(300)
    expect(probe(['copy', from, to])).toBe('ELOOP')
  })
})
