import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const folder = (name: string) => {
  const path = join(box.files, name)
  mkdirSync(path, { recursive: true })
  box.give(path)
  return path
}
const file = (path: string, text: string) => {
  writeFileSync(path, text)
  box.give(path)
}

describe('bind mounts', () => {
  it('show a folder of the host, whose files belong to root inside and to us outside', async () => {
    const path = folder('shared')
    file(join(path, 'from-host'), 'hello')
    expect(
      await box.ok(
        'run',
        '--rm',
        '-v',
        `${path}:/mnt`,
        'busybox',
        'sh',
        '-c',
        'cat /mnt/from-host; stat -c " %u" /mnt/from-host; echo back > /mnt/from-inside',
      ),
    ).toBe('hello 0')
    expect(readFileSync(join(path, 'from-inside'), 'utf8')).toBe('back\n')
    expect(statSync(join(path, 'from-inside')).uid).toBe(box.user.uid)
  })

  it('can be read-only, relative, and of a single file', async () => {
    const path = folder('ro')
    file(join(path, 'f'), 'x')
    const { code, stderr } = await box.lichen('run', '--rm', '-v', `${path}:/mnt:ro`, 'busybox', 'touch', '/mnt/new')
    expect([code, stderr]).toEqual([1, 'touch: /mnt/new: Read-only file system\n'])
    expect(await box.ok('run', '--rm', '-v', './ro:/mnt', 'busybox', 'ls', '/mnt')).toBe('f')
    expect(await box.ok('run', '--rm', '--mount', `type=bind,source=${path}/f,target=/etc/one,readonly`, 'busybox', 'cat', '/etc/one')).toBe('x')
  })

  it('are made on the host by -v, and not by --mount', async () => {
    const path = join(folder('parent'), 'made')
    await box.ok('run', '--rm', '-v', `${path}:/mnt`, 'busybox', 'touch', '/mnt/x')
    expect(statSync(path).isDirectory()).toBe(true)
    expect((await box.lichen('run', '--rm', '--mount', `type=bind,src=${path}/nope,dst=/mnt`, 'busybox', 'true')).code).toBe(125)
  })
})

describe('volumes', () => {
  it('keep what is written, and take over what the image has there', async () => {
    await box.ok('run', '--rm', '-v', 'kept:/etc', 'busybox', 'sh', '-c', 'test -s /etc/passwd && echo mine > /etc/mine')
    expect(await box.ok('run', '--rm', '-v', 'kept:/data', 'busybox', 'sh', '-c', 'cat /data/mine; ls /data/passwd')).toBe('mine\n/data/passwd')
  })

  it('are shared by containers that run', async () => {
    await box.ok('run', '-d', '--name', 'writer', '-v', 'pipe:/p', 'busybox', 'sh', '-c', 'echo hi > /p/x; sleep 1000')
    expect(await box.ok('run', '--rm', '-v', 'pipe:/p', 'busybox', 'sh', '-c', 'until test -s /p/x; do :; done; cat /p/x')).toBe('hi')
  })

  it('belong, at the second start as well, to whom the container says', async () => {
    await box.ok('create', '--name', 'owner', '-v', 'given:/d', 'busybox', 'sh', '-c', 'stat -c %u /d; chown 1000:1000 /d')
    expect([await box.ok('start', '-a', 'owner'), await box.ok('start', '-a', 'owner')]).toEqual(['0', '1000'])
  })

  it('belong to whom the container says', async () => {
    await box.ok('run', '--rm', '-v', 'owned:/d', 'busybox', 'chown', '1000:1000', '/d')
    expect(await box.ok('run', '--rm', '-u', 'alice', '-v', 'owned:/d', 'busybox', 'sh', '-c', 'touch /d/a && stat -c %u /d/a')).toBe('1000')
  })
})
