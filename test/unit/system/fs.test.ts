import * as node from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as ours from '../../../lib/system/fs.ts'

let box: string
beforeAll(() => {
  box = node.mkdtempSync(join(tmpdir(), 'lichen-fs-'))
  node.writeFileSync(join(box, 'file'), 'größe\n', { mode: 0o640 })
  node.writeFileSync(join(box, 'large'), Buffer.alloc(100_000, 'x'))
  node.writeFileSync(join(box, 'none'), '', { mode: 0 })
  node.mkdirSync(join(box, 'folder/below'), { recursive: true })
  node.symlinkSync('file', join(box, 'link'))
  node.symlinkSync('loop', join(box, 'loop'))
})
afterAll(() => node.rmSync(box, { recursive: true }))

/** What comes of it, as far as callers see it. */
function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    const { code, errno, syscall, path, dest, message } = error as NodeJS.ErrnoException & { dest?: string }
    return { code, errno, syscall, path, dest, message }
  }
}

describe('the same as node:fs', () => {
  const calls: [string, (fs: typeof ours, at: (name: string) => string) => unknown][] = [
    ['text of a file', (fs, at) => fs.readFileSync(at('file'), 'utf8')],
    ['bytes of a file', (fs, at) => fs.readFileSync(at('large')).length],
    ['a file of /proc', (fs) => fs.readFileSync('/proc/sys/kernel/osrelease', 'utf8')],
    ['a file through a link', (fs, at) => fs.readFileSync(at('link'), 'utf8')],
    ['no file', (fs, at) => fs.readFileSync(at('nothing'), 'utf8')],
    ['a folder as a file', (fs, at) => fs.readFileSync(at('folder'), 'utf8')],
    ['a file below a file', (fs, at) => fs.readFileSync(at('file/x'), 'utf8')],
    ['a link to itself', (fs, at) => fs.readFileSync(at('loop'), 'utf8')],
    ['a long name', (fs, at) => fs.readFileSync(at('x'.repeat(300)), 'utf8')],
    ['access', (fs, at) => fs.accessSync(at('file'), fs.constants.R_OK)],
    ['no access', (fs, at) => fs.accessSync(at('nothing'))],
    ['not executable', (fs, at) => fs.accessSync(at('file'), fs.constants.X_OK)],
    ['exists', (fs, at) => [fs.existsSync(at('file')), fs.existsSync(at('nothing')), fs.existsSync(at('loop'))]],
    ['a link', (fs, at) => fs.readlinkSync(at('link'))],
    ['no link', (fs, at) => fs.readlinkSync(at('file'))],
    ['a folder', (fs, at) => fs.readdirSync(at('')).sort()],
    ['no folder', (fs, at) => fs.readdirSync(at('file'))],
    ['a folder with types', (fs, at) => kinds(fs.readdirSync(at(''), { withFileTypes: true }))],
    ['devices', (fs) => kinds(fs.readdirSync('/dev', { withFileTypes: true }).filter(({ name }) => /^(null|zero|fd)$/.test(name)))],
    ['a folder that is there', (fs, at) => fs.mkdirSync(at('folder'))],
    ['a folder over a file', (fs, at) => fs.mkdirSync(at('file'), { recursive: true })],
    ['a folder below a file', (fs, at) => fs.mkdirSync(at('file/x'), { recursive: true })],
    ['a folder below nothing', (fs, at) => fs.mkdirSync(at('nothing/x'))],
    ['a folder that is not empty', (fs, at) => fs.rmdirSync(at('folder'))],
    ['to unlink nothing', (fs, at) => fs.unlinkSync(at('nothing'))],
    ['to rename nothing', (fs, at) => fs.renameSync(at('nothing'), at('other'))],
    ['to rename a folder into itself', (fs, at) => fs.renameSync(at('folder'), at('folder/below/x'))],
    ['a new file that is there', (fs, at) => fs.writeFileSync(at('file'), 'x', { flag: 'wx' })],
    ['r+ of nothing', (fs, at) => fs.writeFileSync(at('nothing'), 'x', { flag: 'r+' })],
    ['a closed descriptor', (fs) => fs.closeSync(99_999)],
    ['force of nothing', (fs, at) => fs.rmSync(at('nothing'), { force: true, recursive: true })],
    ['a folder with a file as parent, by force', (fs, at) => fs.rmSync(at('nothing/x'), { force: true })],
  ]
  it.each(calls)('%s', (_, call) => {
    const at = (name: string) => join(box, name)
    expect(outcome(() => call(ours, at))).toEqual(outcome(() => call(node as unknown as typeof ours, at)))
  })

  it.each(['file', 'folder', 'link', 'large'])('what stat says of %s', (name) => {
    const path = join(box, name)
    for (const [mine, theirs] of [
      [ours.statSync(path), node.statSync(path)],
      [ours.lstatSync(path), node.lstatSync(path)],
    ] as const) {
      for (const field of ['dev', 'ino', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'size', 'blocks'] as const)
        expect([field, mine[field]]).toEqual([field, theirs[field]])
      for (const field of ['atimeMs', 'mtimeMs', 'ctimeMs'] as const) expect(Math.abs(mine[field] - theirs[field])).toBeLessThan(0.01)
      expect(kinds([{ name, ...bound(mine) }])).toEqual(kinds([{ name, ...bound(theirs) }]))
    }
    expect(ours.statMaybe(join(box, 'nothing'))).toBeUndefined()
  })
})

describe('writing', () => {
  it('replaces, appends, makes and overwrites from the beginning', () => {
    const path = join(box, 'written')
    ours.writeFileSync(path, 'one', { mode: 0o600 })
    expect(node.statSync(path).mode & 0o777).toBe(0o600)
    ours.writeFileSync(path, Buffer.from('two\n'), { flag: 'a' })
    ours.writeFileSync(path, 'O', { flag: 'r+' })
    expect(node.readFileSync(path, 'utf8')).toBe('Onetwo\n')
    ours.writeFileSync(path, 'x'.repeat(300_000))
    expect(node.statSync(path).size).toBe(300_000)
    const fd = ours.openSync(path, 'r+')
    expect(ours.writeSync(fd, Buffer.from('ab'))).toBe(2)
    expect(ours.readFileSync(fd, 'utf8')).toHaveLength(299_998)
    ours.closeSync(fd)
    ours.chmodSync(path, 0o444)
    expect(ours.fstatSync(ours.openSync(path)).mode & 0o777).toBe(0o444)
    ours.unlinkSync(path)
    expect(node.existsSync(path)).toBe(false)
  })

  it('makes folders and removes them with what is in them, but not what links lead to', () => {
    const path = join(box, 'a/b/c')
    ours.mkdirSync(path, { recursive: true, mode: 0o700 })
    ours.mkdirSync(path, { recursive: true })
    expect(node.statSync(join(box, 'a')).mode & 0o777).toBe(0o700)
    node.writeFileSync(join(path, 'file'), '')
    node.symlinkSync(join(box, 'folder'), join(path, 'link'))
    ours.renameSync(join(box, 'a'), join(box, 'z'))
    expect(() => ours.rmSync(join(box, 'z'))).toThrow()
    ours.rmSync(join(box, 'z'), { recursive: true })
    expect([node.existsSync(join(box, 'z')), node.existsSync(join(box, 'folder/below'))]).toEqual([false, true])
    expect(() => ours.rmSync(join(box, 'z'), { recursive: true })).toThrow(/^ENOENT: no such file or directory, lstat/)
  })
})

const tests = ['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket', 'isCharacterDevice', 'isBlockDevice'] as const
type Kinds = Record<(typeof tests)[number], () => boolean>
const bound = (status: Kinds) => Object.fromEntries(tests.map((test) => [test, () => status[test]()])) as Kinds
const kinds = (entries: ({ name: string } & Kinds)[]) => entries.map((entry) => `${entry.name} ${tests.filter((test) => entry[test]())}`).sort()
