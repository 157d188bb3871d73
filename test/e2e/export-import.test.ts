import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { layerTar } from '../helpers/layer-tar.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const here = (name: string) => join(box.files, name)

// cap_net_raw+ep, as the kernel keeps it.
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
const long = 'n'.repeat(120)

const archive = layerTar([
  { name: 'a/', type: '5', mode: 0o1777, uid: 3, gid: 4, mtime: 100 },
  {
    name: 'a/f', content: 'hello', mode: 0o4751, uid: 5, gid: 65535, mtime: 981173106,
    pax: { 'SCHILY.xattr.user.note': 'a=b\nc', 'SCHILY.xattr.security.capability': capability },
  },
  { name: 'a/g', type: '1', link: 'a/f' },
  { name: 'a/l', type: '2', link: '../nowhere', mode: 0o777, uid: 7, gid: 8, mtime: 7 },
  { name: 'a/ll', type: '1', link: 'a/l' },
  { name: 'x', content: 'long', pax: { path: `a/${long}` }, mtime: 12 },
  { name: 'a/null', type: '3', mode: 0o666, major: 1, minor: 3, mtime: 10 },
  { name: 'a/p', type: '6', mode: 0o640, mtime: 9 },
  { name: Buffer.from('a/\xff\xfe', 'latin1'), content: 'x', mtime: 12 },
]) // biome-ignore format: an entry a line

/** As GNU tar reads it. */
const listed = (name: string) =>
  execFileSync('tar', ['--xattrs', '--xattrs-include=*', '--full-time', '--numeric-owner', '-tvvf', here(name)], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  })
    .replace(/ +/g, ' ')
    .split('\n')
    .filter((line) => line !== '')

it('what import took export gives again, and what export gave import takes: owners, modes, times, links, attributes, names of any bytes', async () => {
  writeFileSync(here('in.tar'), archive)
  const { code, stderr } = await box.lichen('import', here('in.tar'), 'first')
  expect([code, stderr]).toEqual([0, expect.stringContaining('/a/null: this device file was left out')])
  await box.ok('create', '--name', 'first', 'first', 'x')
  await box.ok('export', '-o', here('first.tar'), 'first')
  expect(listed('first.tar')).toEqual([
    'drwxrwxrwt 3/4 0 1970-01-01 00:01:40 a/',
    '-rwsr-x--x* 5/65535 5 2001-02-03 04:05:06 a/f',
    ' x: 20 security.capability',
    ' x: 5 user.note',
    'hrwsr-x--x 5/65535 0 2001-02-03 04:05:06 a/g link to a/f',
    'lrwxrwxrwx 7/8 0 1970-01-01 00:00:07 a/l -> ../nowhere',
    'hrwxrwxrwx 7/8 0 1970-01-01 00:00:07 a/ll link to a/l',
    `-rw-r--r-- 0/0 4 1970-01-01 00:00:12 a/${long}`,
    'prw-r----- 0/0 0 1970-01-01 00:00:09 a/p',
    '-rw-r--r-- 0/0 1 1970-01-01 00:00:12 a/\\377\\376',
  ])
  expect(execFileSync('tar', ['-xOf', here('first.tar'), 'a/f'], { encoding: 'utf8' })).toBe('hello')
  expect(readFileSync(here('first.tar')).includes(capability)).toBe(true)

  expect((await box.lichen('import', here('first.tar'), 'second')).stderr).toBe('')
  await box.ok('create', '--name', 'second', 'second', 'x')
  await box.ok('export', '-o', here('second.tar'), 'second')
  expect(readFileSync(here('second.tar')).equals(readFileSync(here('first.tar')))).toBe(true)
})
