import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { layerTar } from '../helpers/layer-tar.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const times = <T>(count: number, make: (at: number) => Promise<T>) => Promise.all(Array.from({ length: count }, (_, at) => make(at)))
const names = async () => (await box.ok('volume', 'ls', '-q')).split('\n').filter((name) => name !== '')

afterEach(async () => {
  await box.clear()
  await box.ok('volume', 'prune', '--all', '--force')
  expect(readdirSync(join(box.data, 'volumes'))).toEqual(['.lock'])
})

describe('volume create, ls and inspect', () => {
  it('make a volume once, and print its name each time', async () => {
    expect([await box.ok('volume', 'create', 'data'), await box.ok('volume', 'create', '--name', 'data')]).toEqual(['data', 'data'])
    expect(await box.ok('volume', 'ls')).toBe('DRIVER    VOLUME NAME\nlocal     data')
    const { stdout, stderr } = await box.lichen('volume', 'create', '--label', 'a=b', 'data')
    expect([stdout, stderr]).toEqual(['data\n', 'Warning: volume data exists, with other labels or options: it stays as it is\n'])
  })

  it('know labels, and which volumes no container has', async () => {
    await box.ok('volume', 'create', '--label', 'tier=db', 'used')
    await box.ok('volume', 'create', 'free')
    const anonymous = await box.ok('volume', 'create')
    expect(anonymous).toMatch(/^[0-9a-f]{64}$/)
    await box.ok('create', '-v', 'used:/d', 'busybox')
    expect(await box.ok('volume', 'ls', '-q', '--filter', 'dangling=true')).toBe([anonymous, 'free'].sort().join('\n'))
    expect(await box.ok('volume', 'ls', '--filter', 'label=tier=db', '--format', '{{.Name}} {{.Label "tier"}} {{.Mountpoint}}')).toBe(
      `used db ${box.data}/volumes/used/_data`,
    )
    expect(JSON.parse(await box.ok('volume', 'inspect', 'used'))).toMatchObject([
      { Name: 'used', Driver: 'local', Scope: 'local', Labels: { tier: 'db' }, Options: null, Mountpoint: `${box.data}/volumes/used/_data` },
    ])
    expect(await box.ok('inspect', '--type', 'volume', '-f', '{{.Name}}', 'free')).toBe('free')
  })

  it("say what does not exist in Docker's words", async () => {
    for (const verb of ['inspect', 'rm']) {
      const { code, stderr } = await box.lichen('volume', verb, 'nope')
      expect([code, stderr.split('\n')[0]]).toEqual([1, 'Error: get nope: no such volume'])
    }
    expect((await box.lichen('volume', 'inspect', '../names')).stdout).toBe('[]\n')
    expect([(await box.lichen('volume', 'exists', 'nope')).code, (await box.lichen('volume', 'exists', '..')).code]).toEqual([1, 1])
    expect(await box.ok('volume', 'rm', '-f', 'nope')).toBe('nope')
  })
})

describe('volume export and import', () => {
  it('carry files, owners, modes and the folder itself from one volume to another', async () => {
    await box.ok('run', '--rm', '--network', 'none', '-v', 'from:/d', 'busybox', 'sh', '-c', 'echo x > /d/f; ln -s f /d/l; chown 33:34 /d/f /d; chmod 1750 /d')
    const tar = join(box.files, 'from.tar')
    await box.ok('volume', 'export', 'from', '-o', tar)
    await box.ok('volume', 'create', 'to')
    await box.ok('volume', 'import', 'to', tar)
    const look = ['sh', '-c', 'stat -c "%n %a %u:%g" /d /d/f; readlink /d/l; cat /d/f']
    expect(await box.ok('run', '--rm', '--network', 'none', '-v', 'to:/d', 'busybox', ...look)).toBe('/d 1750 33:34\n/d/f 644 33:34\nf\nx')
  })

  it('go through a pipe, and lead nowhere out of the volume', async () => {
    await box.ok('volume', 'create', 'to')
    const evil = layerTar([
      { name: 'good', content: 'x' },
      { name: 'out', type: '2', link: box.files },
      { name: 'out/pwned', content: 'x' },
    ])
    const { code, stderr } = await box.start(['volume', 'import', 'to', '-'], { input: evil }).exited
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'Error: open /out: not a directory (a directory is needed, and something else is there)'])
    expect(await box.ok('run', '--rm', '--network', 'none', '-v', 'to:/d', 'busybox', 'cat', '/d/good')).toBe('x')
    expect(existsSync(join(box.files, 'pwned'))).toBe(false)
  })

  it('say what they can not do', async () => {
    await box.ok('volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'ram')
    const first = async (...args: string[]) => {
      const { code, stderr } = await box.lichen('volume', ...args)
      return [code, stderr.split('\n')[0]]
    }
    expect(await first('export', 'nope')).toEqual([1, 'Error: get nope: no such volume'])
    expect(await first('import', 'nope', '/dev/null')).toEqual([1, 'Error: get nope: no such volume'])
    expect(await first('export', 'ram')).toEqual([1, 'Error: volume ram is a tmpfs: each container that mounts it has files of its own'])
    expect(await first('import', 'ram', '/nope')).toEqual([1, 'Error: open /nope: no such file or directory'])
  })
})

describe('options of a volume', () => {
  it('make it a folder of the host, or a tmpfs of each container', async () => {
    const folder = join(box.files, 'device')
    mkdirSync(folder)
    box.give(folder)
    await box.ok('volume', 'create', '--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${folder}`, 'bound')
    await box.ok('volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=size=1m,mode=1777', 'ram')
    const script = 'touch /b/x; stat -f -c %T /r; stat -c %a /r; dd if=/dev/zero of=/r/x bs=1M count=2 2>&1 | grep -c "No space"'
    expect(await box.ok('run', '--rm', '-v', 'bound:/b', '-v', 'ram:/r', 'busybox', 'sh', '-c', script)).toBe('tmpfs\n1777\n1')
    expect(existsSync(join(folder, 'x'))).toBe(true)
    await box.ok('volume', 'rm', 'bound', 'ram')
    expect(existsSync(join(folder, 'x')), 'the folder of the host is not the volume').toBe(true)
  })

  it('that only root of the host could honour are refused', async () => {
    const { code, stderr } = await box.lichen('volume', 'create', '--opt', 'type=nfs', '--opt', 'device=:/x', 'remote')
    expect([code, stderr.split('\n')[0], await names()]).toEqual([1, "Error: create remote: type=nfs: only the host's root could mount it", []])
  })
})

describe('volume rm and prune', () => {
  it('leave what a container has, be it a stopped one', async () => {
    const id = await box.ok('create', '-v', 'mine:/d', 'busybox')
    const { code, stderr } = await box.lichen('volume', 'rm', 'mine')
    expect([code, stderr.split('\n')[0]]).toEqual([1, `Error: remove mine: volume is in use - [${id}]`])
    await box.ok('volume', 'prune', '-af')
    expect(await names()).toEqual(['mine'])
    await box.ok('rm', id)
    expect(await box.ok('volume', 'rm', 'mine')).toBe('mine')
  })

  it('take anonymous ones first, and the others with --all', async () => {
    await box.ok('volume', 'create', 'named')
    const anonymous = await box.ok('volume', 'create')
    expect(await box.ok('volume', 'prune', '--force')).toContain(`Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: `)
    const { stdout } = await box.lichen('volume', 'prune', '--all')
    expect(stdout).toContain('WARNING! This will remove all local volumes not used by at least one container.')
    expect(await names(), 'nobody said yes').toEqual(['named'])
    expect(await box.ok('volume', 'prune', '--all', '--force')).toContain('Deleted Volumes:\nnamed\n')
  })

  it('and containers that start with the volume never take it away from each other', async () => {
    const results = await times(12, async (at) =>
      at % 2 === 0
        ? box.lichen('volume', 'rm', 'fought')
        : box.lichen('run', '--rm', '--network', 'none', '-v', 'fought:/d', 'busybox', 'sh', '-c', 'echo x > /d/$HOSTNAME && cat /d/$HOSTNAME'),
    )
    for (const [at, { code, stdout, stderr }] of results.entries()) {
      if (at % 2 === 1) expect([code, stdout, stderr]).toEqual([0, 'x\n', ''])
      else expect(stderr).toMatch(/^$|^Error: (get fought: no such volume|remove fought: volume is in use)/)
    }
  })

  it('go on with a removal that was cut short', async () => {
    for (const delay of [10, 30, 60]) {
      await box.ok('run', '--rm', '-v', 'half:/d', 'busybox', 'sh', '-c', 'for i in $(seq 300); do mkdir /d/$i; done; chown -R 1000 /d')
      const rm = box.start(['volume', 'rm', 'half'])
      await new Promise((resolve) => setTimeout(resolve, delay))
      rm.kill('SIGKILL')
      await rm.exited
      await box.ok('volume', 'rm', '-f', 'half')
    }
    expect(await names()).toEqual([])
  })
})
