import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { layerTar } from '../helpers/layer-tar.ts'
import { digestOf, type LayerFiles, makeImage } from '../helpers/oci-image.ts'
import { requireStaticBusybox, requireTool } from '../helpers/prerequisites.ts'
import { type Result, Running } from '../helpers/process.ts'
import { skopeoInspect, startRegistry } from '../helpers/registry.ts'
import { must } from '../helpers/run.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
for (const tool of ['fuse-overlayfs', 'skopeo', 'umoci']) requireTool(tool)
const file = (name: string) => join(box.files, name)
const offline = ['run', '--rm', '--network', 'none'] as const

/** Each layer has a file of its own and changes that of all; each tenth takes one away that the layer below brought. */
const layer = (at: number): LayerFiles => ({ [`l/${at}`]: `${at}`, 'l/last': `${at}`, ...(at > 0 && at % 10 === 0 ? { [`l/.wh.${at - 1}`]: '' } : {}) })

describe.each([128, 300])('an image of %i layers', (count) => {
  const name = `localhost/layers-${count}:v1`

  it('runs on each driver', async () => {
    const made = await makeImage(file(`layers-${count}`), { layers: Array.from({ length: count }, (_, at) => layer(at)), tag: 'v1' })
    await must('chmod', ['-R', 'a+rX', made.folder])
    expect(await box.ok('pull', '-q', `oci:${made.folder}`)).toBe(name)
    const left = count - Math.floor((count - 1) / 10) + 1
    const script = '/busybox cat /l/last; echo; /busybox ls /l | /busybox wc -l; echo changed > /l/last; /busybox cat /l/last'
    for (const driver of ['overlay', 'fuse-overlayfs', 'vfs']) {
      const words = ['--storage-driver', driver, ...offline, '-v', `${requireStaticBusybox()}:/busybox:ro`, name, '/busybox', 'sh', '-c', script]
      expect(
        (await box.ok(...words)).split('\n').map((line) => line.trim()),
        driver,
      ).toEqual([`${count - 1}`, `${left}`, 'changed'])
    }
    await box.ok('rmi', name)
  }, 240_000)
})

describe('without subordinate ids', () => {
  /** lichen as of a user whom /etc/subuid does not know, with a store of its own. */
  function single(...args: string[]): Promise<Result> {
    if (process.getuid?.() !== 0) throw new Error('run this file as root: it hides /etc/subuid from the test user')
    writeFileSync(file('empty'), '')
    const hide = ['/etc/subuid', '/etc/subgid'].map((path) => `mount --bind ${file('empty')} ${path}`).join(' && ')
    const argv = box.argv(args).map((word) => (word === box.data ? file('single') : word))
    return new Running(['unshare', '--mount', 'sh', '-c', `${hide} && exec "$@"`, 'sh', ...argv], { env: box.env, cwd: box.files }).exited
  }
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await single(...args)
    expect({ code, stderr: code === 0 ? '' : stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' })
    return stdout.trim()
  }

  it('an image is pulled, run, pushed and saved, byte for byte', async () => {
    const registry = await startRegistry()
    const name = `${registry.host}/owned:v1`
    const owned = layerTar([
      { name: 'srv/', type: '5', uid: 33, gid: 33, mode: 0o1770 },
      { name: 'srv/file', content: 'x', uid: 1000, gid: 1001, mode: 0o4755 },
      { name: 'srv/link', type: '2', link: 'file', uid: 5, gid: 5 },
      { name: 'srv/hard', type: '1', link: 'srv/link' },
    ])
    writeFileSync(file('owned.tar'), Buffer.concat([readFileSync(file('busybox.tar')).subarray(0, -10_240), owned]))
    try {
      await box.ok('import', '--change', 'ENV PATH=/bin', file('owned.tar'), name)
      await box.ok('push', '-q', name)
      await box.ok('save', '-o', file('mapped.tar'), name)
      await ok('pull', '-q', name)
      expect(await ok(...offline, name, 'sh', '-c', 'id -u; stat -c %u:%g:%a /srv/file; readlink /srv/hard')).toBe('0\n0:0:4755\nfile')
      await ok('tag', name, `${registry.host}/again:v1`)
      await ok('push', '-q', `${registry.host}/again:v1`)
      expect((await skopeoInspect(`${registry.host}/again:v1`)).digest).toBe((await skopeoInspect(name)).digest)
      await ok('save', '-o', file('single.tar'), name)
      expect(readFileSync(file('single.tar')).equals(readFileSync(file('mapped.tar')))).toBe(true)
      expect(await ok('system', 'check')).toBe('')
      await ok('rmi', '-af')
      await box.ok('rmi', name)
    } finally {
      await registry.stop()
    }
  })
})

it('an id above all that are mapped is told with its file, or squashed', async () => {
  const high = layerTar([
    { name: 'srv/', type: '5' },
    { name: 'srv/file', content: 'x', uid: 70_000, gid: 8, mode: 0o4755 },
  ])
  writeFileSync(file('high.tar'), Buffer.concat([readFileSync(file('busybox.tar')).subarray(0, -10_240), high]))
  const import_ = ['import', '--change', 'ENV PATH=/bin', file('high.tar'), 'high'] as const
  expect(await box.lichen(...import_)).toMatchObject({
    code: 125,
    stderr: expect.stringMatching(/\/srv\/file belongs to uid 70000, and your containers have no uid so high\nhint: --squash-ids/),
  })
  const { code, stderr } = await box.start([...import_.slice(0, -2), '--squash-ids', ...import_.slice(-2)]).exited
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^Warning: layer .*nobody's: 1 file .*\/srv\/file \(70000:8\)\n$/)])
  expect(await box.ok(...offline, 'high', 'stat', '-c', '%u:%g:%a', '/srv/file')).toBe('65534:8:755')
  await box.ok('rmi', 'high')
})

describe('what skopeo makes of what lichen pushed', () => {
  it('out and back, it has the same digest; zstd layers, and plain ones, run', async () => {
    const registry = await startRegistry()
    const name = `${registry.host}/app:v1`
    const copy = (...args: string[]) => must('skopeo', ['copy', '--quiet', '--src-tls-verify=false', '--dest-tls-verify=false', ...args])
    try {
      await box.ok('push', '-q', 'busybox', name)
      const pushed = (await skopeoInspect(name)).digest
      expect(pushed).toBe(await box.ok('image', 'inspect', '--format', '{{.Digest}}', 'busybox'))
      await copy('--preserve-digests', `docker://${name}`, `oci:${file('out')}:v1`)
      await must('umoci', ['unpack', '--rootless', '--image', `${file('out')}:v1`, file('bundle')])
      await copy('--preserve-digests', `oci:${file('out')}:v1`, `docker://${registry.host}/back:v1`)
      expect((await skopeoInspect(`${registry.host}/back:v1`)).digest).toBe(pushed)
      await box.ok('pull', '-q', `${registry.host}/back:v1`)
      expect(await box.ok('image', 'inspect', '--format', '{{.Digest}}', `${registry.host}/back:v1`)).toBe(pushed)

      await copy('--dest-compress', '--dest-compress-format', 'zstd', `oci:${file('out')}:v1`, `oci:${file('zstd')}:v1`)
      await copy('--preserve-digests', `oci:${file('zstd')}:v1`, `docker://${registry.host}/zstd:v1`)
      const { stdout } = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/zstd:v1`])
      expect(stdout).toContain('tar+zstd')
      expect(digestOf(stdout)).not.toBe(pushed)
      // Nothing of it is here: neither the layer nor the image.
      await box.ok('rmi', '-af')
      expect(await box.ok(...offline, '-q', `${registry.host}/zstd:v1`, 'echo', 'zstd')).toBe('zstd')
      await box.ok('rmi', '-af')
    } finally {
      await box.ok('import', '--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin', file('busybox.tar'), 'busybox')
      await registry.stop()
    }
  })

  it('a plain layer that is called gzip is taken for what it is', async () => {
    const made = await makeImage(file('mislabelled'), { layers: [{ 'etc/': '', 'etc/name': 'plain' }], compress: false, tag: 'v1' })
    const manifest = readFileSync(join(made.folder, 'blobs/sha256', made.manifestDigest.slice(7)), 'utf8')
    const changed = manifest.replace('layer.v1.tar"', 'layer.v1.tar+gzip"')
    expect(changed).not.toBe(manifest)
    writeFileSync(join(made.folder, 'blobs/sha256', digestOf(changed).slice(7)), changed)
    const index = readFileSync(join(made.folder, 'index.json'), 'utf8')
    const size = (text: string) => `"size":${text.length}`
    writeFileSync(join(made.folder, 'index.json'), index.replace(made.manifestDigest, digestOf(changed)).replace(size(manifest), size(changed)))
    await must('chmod', ['-R', 'a+rX', made.folder])
    expect(await box.ok('pull', '-q', `oci:${made.folder}`)).toBe('localhost/mislabelled:v1')
    await box.ok('rmi', 'localhost/mislabelled:v1')
  })
})
