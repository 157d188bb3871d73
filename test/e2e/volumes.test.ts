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

describe('a part of a volume', () => {
  const mount = (subpath: string, ...command: string[]) =>
    box.lichen('run', '--rm', '--network', 'none', '--mount', `type=volume,src=parts,dst=/m,volume-subpath=${subpath}`, 'busybox', ...command)

  it('is mounted alone, and no link in the volume leads out of it', async () => {
    const links = `ln -s ${box.files} /p/out; ln -s ../../../../../../../../etc /p/up; ln -s /a/b /p/inside`
    await box.ok('run', '--rm', '-v', 'parts:/p', 'busybox', 'sh', '-c', `mkdir -p /p/a/b; echo deep > /p/a/b/f; ${links}`)
    expect([(await mount('a/b', 'cat', '/m/f')).stdout, (await mount('inside', 'ls', '/m')).stdout]).toEqual(['deep\n', 'f\n'])
    expect((await mount('a/b/f', 'cat', '/m')).stdout).toBe('deep\n')
    for (const subpath of ['out', 'up', 'nope']) {
      const { code, stderr } = await mount(subpath, 'true')
      expect([code, stderr]).toEqual([125, `Error: cannot access path ${subpath} of the volume: no such file or directory\n`])
    }
    expect((await mount('../../names', 'true')).stderr.split('\n')[0]).toBe('Error: subpath must be a relative path within the volume: "../../names"')
  })
})

describe(':U', () => {
  it('gives everything to the user of the container, and nothing that a link points to', async () => {
    const [shared, beside] = [folder('given'), folder('beside')]
    file(join(beside, 'mine'), 'x')
    await box.ok('run', '--rm', '-v', `${shared}:/s`, 'busybox', 'sh', '-c', `mkdir /s/d; touch /s/d/f; chown 7:7 /s/d/f; ln -s ${beside}/mine /s/link`)
    const script = 'stat -c "%u:%g" /s /s/d /s/d/f /s/link; touch /s/d/new 2>&1'
    expect((await box.lichen('run', '--rm', '-u', '33:34', '-v', `${shared}:/s:U`, 'busybox', 'sh', '-c', script)).stdout).toBe('33:34\n'.repeat(4))
    expect((await box.lichen('run', '--rm', '-u', '35', '-v', `${shared}:/s:U,ro`, 'busybox', 'sh', '-c', script)).stdout).toContain('35:0\n'.repeat(4))
    expect(statSync(join(beside, 'mine')).uid).toBe(box.user.uid)
    await box.ok('run', '--rm', '-v', `${shared}:/s:U`, 'busybox', 'true')
    expect(statSync(join(shared, 'd/f')).uid).toBe(box.user.uid)
  })
})

describe('--volumes-from', () => {
  it('brings the mounts of another container, read-only where that is said; own ones win', async () => {
    const path = folder('other')
    await box.ok('create', '--name', 'source', '-v', 'kept:/data', '-v', '/anonymous', '-v', `${path}:/host:ro`, 'busybox')
    const script = 'touch /data/x /anonymous/y; grep -cE " (/data|/anonymous|/host) " /proc/mounts'
    expect(await box.ok('run', '--rm', '--volumes-from', 'source', 'busybox', 'sh', '-c', script)).toBe('3')
    expect(await box.ok('run', '--rm', '--volumes-from', 'source', 'busybox', 'ls', '/anonymous')).toBe('y')
    expect((await box.lichen('run', '--rm', '--volumes-from', 'source:ro', 'busybox', 'touch', '/data/z')).stderr).toBe(
      'touch: /data/z: Read-only file system\n',
    )
    expect(await box.ok('run', '--rm', '--volumes-from', 'source:ro', '--tmpfs', '/data', 'busybox', 'sh', '-c', 'touch /data/z; ls /data')).toBe('z')
  })

  it('leaves an anonymous volume to who has it still', async () => {
    const volumes = async () => (await box.ok('volume', 'ls', '-qf', 'label=com.docker.volume.anonymous')).split('\n').filter((name) => name !== '')
    await box.ok('create', '--name', 'source', '-v', '/shared', 'busybox')
    await box.ok('create', '--name', 'sharer', '--volumes-from', 'source', 'busybox')
    await box.ok('rm', '-v', 'source')
    expect(await volumes()).toHaveLength(1)
    await box.ok('rm', '-v', 'sharer')
    expect(await volumes()).toEqual([])
  })

  it('says which container is not there, before anything is made', async () => {
    const { code, stderr } = await box.lichen('run', '--volumes-from', 'nope', 'busybox')
    expect([code, stderr, await box.ok('ps', '-aq')]).toEqual([125, 'Error: No such container: nope\n', ''])
  })
})

it('a volume is made by --mount with its options and labels', async () => {
  const mount = 'type=volume,src=ram,dst=/r,volume-label=tier=cache,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=1m'
  expect(await box.ok('run', '--rm', '--mount', mount, 'busybox', 'stat', '-f', '-c', '%T', '/r')).toBe('tmpfs')
  expect(await box.ok('volume', 'inspect', '-f', '{{.Labels.tier}} {{.Options.o}}', 'ram')).toBe('cache size=1m')
})
