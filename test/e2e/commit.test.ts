import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requireTool } from '../helpers/prerequisites.ts'
import { must } from '../helpers/run.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
for (const tool of ['skopeo', 'umoci']) requireTool(tool)
const here = (name: string) => join(box.files, name)

const drivers = ['overlay', 'fuse-overlayfs', 'vfs']
/** What a layer has to say, in one script. The times make it the same each time. */
const script = [
  'mkdir -p /new/deep',
  'echo hi > /new/f; ln /new/f /new/g; ln -s f /new/l; mkfifo /new/p',
  'chown 5:6 /new/f; chmod 4751 /new/f',
  'echo x > /new/deep/x; chmod 2770 /new/deep; chown 0:50 /new/deep',
  'rm /etc/group; echo more >> /etc/passwd',
  'rm -r /home; mkdir /home; echo t > /home/t',
  'mv /var /moved',
  'find /new /home /moved -exec touch -h -d "2001-02-03 04:05:06" {} +; touch -d "2001-02-03 04:05:06" /etc/passwd /etc /',
].join('; ')

const expected = `C /etc
D /etc/group
C /etc/passwd
C /home
A /home/t
A /moved
A /new
A /new/deep
A /new/deep/x
A /new/f
A /new/g
A /new/l
A /new/p
D /var`

const layersOf = async (image: string) => JSON.parse(await box.ok('image', 'inspect', '--format', '{{json .RootFS.Layers}}', image)) as string[]
const listing = "find /new /home /moved /etc/passwd | sort | xargs stat -c '%N %A %u:%g %Y'; stat -c %h /new/f; cat /etc/passwd; ls /etc/group /var 2>&1; true"
const removeImages = (...names: string[]) => box.ok('rmi', '-f', ...names)

describe('diff, commit and export are the same under every driver', () => {
  const layers = new Map<string, string>()
  it.each(drivers)('%s', async (driver) => {
    const from = ['--storage-driver', driver]
    await box.ok(...from, 'run', '--name', 'box1', '-v', `${box.files}:/bound`, 'busybox', 'sh', '-c', script)
    // Where something is mounted, a directory was made.
    expect(await box.ok('diff', 'box1')).toBe(expected.replace('C /etc\n', 'A /bound\nC /etc\n'))
    expect(JSON.parse(await box.ok('diff', '--format', 'json', 'box1'))).toMatchObject({ deleted: ['/etc/group', '/var'] })
    await box.ok('rm', 'box1')
    await box.ok(...from, 'run', '--name', 'box1', 'busybox', 'sh', '-c', script)
    expect(await box.ok('diff', 'box1')).toBe(expected)

    const id = await box.ok('commit', '-a', 'me', '-m', 'why', '-c', 'CMD ["true"]', 'box1', 'made:1')
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/)
    layers.set(driver, (await layersOf('made:1')).at(-1)!)
    expect(await box.ok('commit', '--format', 'docker', 'box1', 'again')).not.toBe(id)
    expect(await layersOf('again')).toEqual(await layersOf('made:1'))
    expect(JSON.parse(await box.ok('image', 'inspect', '--format', '{{json .Author}} ', 'made:1'))).toBe('me')
    expect(await box.ok('history', '--format', '{{.Comment}}', 'made:1')).toMatch(/^why/)

    const seen = await Promise.all(drivers.map((other) => box.ok('--storage-driver', other, 'run', '--rm', 'made:1', 'sh', '-c', listing)))
    expect(seen[0]).toMatch(/\/new\/f'? -rwsr-x--x 5:6 981173106\n/)
    expect(seen[0]).toContain('/etc/group: No such file')
    expect(new Set(seen).size).toBe(1)

    await box.ok('export', '-o', 'out.tar', 'box1')
    await box.ok('import', '--change', 'ENV PATH=/bin', 'out.tar', 'roundtrip')
    expect(await box.ok('run', '--rm', 'roundtrip', 'sh', '-c', listing)).toBe(seen[0])
    await removeImages('made:1', 'again', 'roundtrip')
  })

  it('to the byte, where the driver knows that a directory was made anew', () => {
    expect(layers.get('fuse-overlayfs')).toBe(layers.get('overlay'))
  })
})

it.each(drivers)('a container that runs under %s is committed and exported as it is at the moment', async (driver) => {
  await box.ok(
    '--storage-driver',
    driver,
    'run',
    '-d',
    '--name',
    'box1',
    '--tmpfs',
    '/t',
    '-v',
    'vol:/vol',
    'busybox',
    'sh',
    '-c',
    'echo now > /now; echo no > /t/x; echo no > /vol/x; sync; echo > /ready; sleep 1000',
  )
  await box.ok('exec', 'box1', 'sh', '-c', 'until [ -e /ready ]; do sleep 0.1; done')
  await box.ok('commit', '--pause=false', 'box1', 'made')
  expect(await box.ok('run', '--rm', 'made', 'sh', '-c', 'cat /now; ls /t /vol')).toMatch(/^now\n\/t:\n\n\/vol:$/)
  await box.ok('export', '--output', 'running.tar', 'box1')
  const names = execFileSync('tar', ['-tf', here('running.tar')], { encoding: 'utf8' }).split('\n')
  expect(names).toEqual(expect.arrayContaining(['now', 'bin/busybox', 'proc/', 'dev/', 't/', 'vol/']))
  expect(names.filter((name) => /^(t|vol|proc|dev|sys)\/./.test(name))).toEqual([])
  await removeImages('made')
})

describe('sizes', () => {
  it('are told by ps and inspect, where one asks', async () => {
    await box.ok('run', '--name', 'box1', 'busybox', 'sh', '-c', 'head -c 100000 /dev/zero > /z; ln /z /zz')
    expect(await box.ok('ps', '-a', '--size', '--format', '{{.Size}}')).toMatch(/^100kB \(virtual [\d.]+MB\)$/)
    expect(await box.ok('ps', '-as')).toMatch(/NAMES +SIZE\n/)
    const [rw, all] = (await box.ok('inspect', '--size', '--format', '{{.SizeRw}} {{.SizeRootFs}}', 'box1')).split(' ').map(Number)
    expect([rw, all! - rw! > 500_000]).toEqual([100_000, true])
    expect(await box.ok('inspect', '--format', 'json', 'box1')).not.toContain('SizeRw')
  })

  it('of one that was never started are nothing, and it has no changes', async () => {
    await box.ok('create', '--name', 'box1', 'busybox')
    expect(await box.ok('ps', '-a', '--format', '{{.Size}}')).toMatch(/^0B \(virtual/)
    expect(await box.ok('container', 'diff', 'box1')).toBe('')
    await box.ok('container', 'commit', 'box1', 'same')
    expect(await layersOf('same')).toEqual(await layersOf('busybox'))
    await removeImages('same')
  })
})

describe('an image made by commit', () => {
  it('is read by skopeo and umoci, with capabilities and attributes', async () => {
    await box.ok('run', '--name', 'box1', 'busybox', 'sh', '-c', script)
    await box.ok('commit', 'box1', 'sealed')
    await box.ok('save', '--format', 'oci-archive', '-o', 'made.tar', 'sealed')
    const inspected = JSON.parse((await must('skopeo', ['inspect', `oci-archive:${here('made.tar')}`])).stdout) as { Layers: string[] }
    expect(inspected.Layers).toHaveLength(2)
    await must('skopeo', ['--insecure-policy', 'copy', '--quiet', `oci-archive:${here('made.tar')}`, `oci:${here('layout')}:sealed`])
    rmSync(here('bundle'), { recursive: true, force: true })
    await must('umoci', ['unpack', '--rootless', '--image', `${here('layout')}:sealed`, here('bundle')])
    const rootfs = here('bundle/rootfs')
    expect([existsSync(`${rootfs}/etc/group`), existsSync(`${rootfs}/var`), readFileSync(`${rootfs}/home/t`, 'utf8')]).toEqual([false, false, 't\n'])
    expect(statSync(`${rootfs}/new/f`).ino).toBe(statSync(`${rootfs}/new/g`).ino)
    await removeImages('sealed')
  })

  it('has one layer with --squash, even where the image below is gone', async () => {
    await box.ok('commit', '--squash', await box.ok('create', 'busybox'), 'base')
    await box.ok('run', '--name', 'box1', 'base', 'sh', '-c', script)
    await removeImages('base')
    const { code, stderr } = await box.lichen('commit', 'box1', 'sealed')
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not here any more')])
    await box.ok('commit', '-s', 'box1', 'sealed')
    expect(await layersOf('sealed')).toHaveLength(1)
    expect(await box.ok('run', '--rm', 'sealed', 'cat', '/home/t')).toBe('t')
    await removeImages('sealed')
  })

  it('refuses what makes no sense', async () => {
    await box.ok('create', '--name', 'box1', 'busybox')
    expect((await box.lichen('commit', 'nobody')).stderr).toBe('Error: No such container: nobody\n')
    expect((await box.lichen('commit', '-c', 'RUN true', 'box1')).stderr).toMatch(/^Error: RUN is not a valid change command\n/)
    expect((await box.lichen('commit', 'box1', 'UPPER')).code).toBe(1)
    expect((await box.lichen('commit', '--format', 'zip', 'box1')).stderr).toMatch(/^Error: unknown format "zip"\n/)
    expect((await box.lichen('diff', 'nobody')).code).toBe(1)
    expect((await box.lichen('export', 'nobody')).code).toBe(1)
  })
})

it('export refuses a terminal, as Docker', async () => {
  await box.ok('create', '--name', 'box1', 'busybox')
  const typist = box.terminal(['export', 'box1'])
  expect((await typist.exited).stdout).toMatch(/Error: cowardly refusing to save to a terminal\. Use the -o flag or redirect[\s\S]*ended with 1/)
})

it('names the image that it was made on as its parent, for as long as that is here', async () => {
  const idOf = (image: string) => box.ok('image', 'inspect', '--format', '{{.Id}}', image)
  const parentOf = (image: string) => box.ok('image', 'inspect', '--format', '{{.Parent}}', image)
  const step = async (from: string, to: string) => {
    await box.ok('run', '--name', 'step', '--network', 'none', from, 'touch', `/${to}`)
    await box.ok('commit', 'step', to)
    await box.ok('rm', 'step')
  }
  await step('busybox', 'below')
  await step('below', 'above')
  expect([await parentOf('busybox'), await parentOf('below'), await parentOf('above')]).toEqual(['', await idOf('busybox'), await idOf('below')])
  await box.ok('rmi', 'below')
  expect(await parentOf('above')).toBe('')
  await removeImages('above')
})
