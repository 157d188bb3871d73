import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { startFaultProxy } from '../helpers/fault-proxy.ts'
import { startRegistry } from '../helpers/registry.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const file = (name: string) => join(box.files, name)
const offline = ['run', '--rm', '--network', 'none'] as const

describe('run from a layout, an archive, a folder', () => {
  beforeAll(async () => {
    for (const place of ['oci:layout:v1', 'oci-archive:oci.tar', 'docker-archive:docker.tar', 'dir:folder']) {
      await box.ok('push', 'busybox', place.replace(':', `:${box.files}/`))
    }
    await box.ok('save', '--format', 'oci-dir', '-o', file('podman-oci'), 'busybox')
    await box.ok('save', '--format', 'docker-dir', '-o', file('podman-dir'), 'busybox')
  })

  it.each([
    'oci:layout:v1',
    'oci:layout',
    'oci-archive:oci.tar',
    'docker-archive:docker.tar',
    'docker-archive:docker.tar:busybox:latest',
    'dir:folder',
    'oci:podman-oci:latest',
    'dir:podman-dir',
  ])('%s', async (place) => {
    const id = await box.ok('images', '-q', '--no-trunc', 'busybox')
    const result = await box.lichen(...offline, place.replace(':', `:${box.files}/`), 'echo', 'it runs')
    expect(result).toMatchObject({ code: 0, stdout: 'it runs\n', stderr: expect.stringMatching(/^Status: /m) })
    expect(await box.ok('images', '-q', '--no-trunc', 'busybox')).toBe(id)
    expect(await box.ok(...offline, '-q', place.replace(':', `:${box.files}/`), 'echo', 'quietly')).toBe('quietly')
  })

  it('several images in one folder go by their names', async () => {
    await box.ok('tag', 'busybox', 'other:v2')
    await box.ok('save', '--format', 'oci-dir', '-o', file('two'), 'busybox', 'other:v2')
    expect(await box.ok(...offline, '-q', `oci:${file('two')}:other:v2`, 'echo', 'v2')).toBe('v2')
    await box.ok('import', '--change', 'ENV A=b', file('busybox.tar'), 'third')
    expect((await box.lichen('save', '--format', 'docker-dir', '-o', file('two-dir'), 'busybox', 'third')).code).toBe(1)
    expect((await box.lichen('save', '--format', 'oci-dir', 'busybox')).code).toBe(1)
    await box.ok('rmi', 'other:v2', 'third')
  })
})

describe('run --pull', () => {
  it('always, missing, never and newer', async () => {
    const registry = await startRegistry()
    const proxy = await startFaultProxy(registry.host)
    const name = `${proxy.host}/app:v1`
    const run = (policy: string, ...words: string[]) => box.lichen(...offline, '--pull', policy, name, 'echo', ...words)
    try {
      expect(await run('never', 'x')).toMatchObject({ code: 125, stderr: expect.stringContaining(`No such image: ${name}`) })
      await box.ok('push', '-q', 'busybox', name)
      const missing = await run('missing', 'pulled')
      expect(missing).toMatchObject({ code: 0, stdout: 'pulled\n' })
      expect(missing.stderr.split('\n')[0]).toBe(`Unable to find image '${name}' locally`)
      proxy.seen.length = 0
      expect(await run('missing', 'here')).toEqual({ code: 0, stdout: 'here\n', stderr: '' })
      expect(proxy.seen).toEqual([])
      for (const policy of ['always', 'newer']) {
        expect(await run(policy, policy)).toMatchObject({ code: 0, stdout: `${policy}\n`, stderr: expect.stringContaining('Image is up to date for') })
      }
      proxy.rules.push({ match: /manifests/, fault: { kind: 'status', status: 403 } })
      expect(await run('newer', 'all the same')).toMatchObject({
        code: 0,
        stdout: 'all the same\n',
        stderr: expect.stringMatching(/^Warning: the image that is here is used: pull access denied/m),
      })
      expect(await run('always', 'x')).toMatchObject({ code: 125, stdout: '' })
      expect(await box.lichen('pull', '--policy', 'newer', name)).toMatchObject({ code: 0, stderr: expect.stringContaining('the image that is here stays') })
      expect((await run('sometimes', 'x')).code).toBe(125)
    } finally {
      await box.lichen('rmi', name)
      await Promise.all([proxy.stop(), registry.stop()])
    }
  })

  it('has bars on a terminal, as load has', async () => {
    const registry = await startRegistry()
    const proxy = await startFaultProxy(registry.host)
    const name = `${proxy.host}/app:v1`
    await box.ok('push', '-q', 'busybox', name)
    await box.ok('save', '-o', file('bars.tar'), 'busybox')
    // Half of it is there long enough to be drawn.
    proxy.rules.push({ match: /^GET .*\/blobs\//, fault: { kind: 'pause', after: 500_000, milliseconds: 500 } })
    const layer = (JSON.parse(await box.ok('manifest', 'inspect', 'busybox')) as { layers: { digest: string }[] }).layers[0]!.digest.slice(7, 19)
    try {
      await box.ok('rmi', '-af')
      const run = box.terminal([...offline, name, 'echo', 'ran'])
      expect((await run.exited).code).toBe(0)
      expect(run.text).toMatch(new RegExp(`\\u001b\\[J${layer}: Downloading  \\[=+`))
      expect(run.text.indexOf('Status: Downloaded newer image')).toBeLessThan(run.text.indexOf('ran\r'))
      // Large enough to be drawn on the fastest machine.
      execFileSync('sh', ['-c', 'head -c 60000000 /dev/urandom > large && tar cf large.tar large && rm large'], { cwd: box.files })
      await box.ok('import', file('large.tar'), 'large')
      await box.ok('save', '-o', file('large.tar'), 'large')
      const large = (JSON.parse(await box.ok('manifest', 'inspect', 'large')) as { layers: { digest: string }[] }).layers[0]!.digest.slice(7, 19)
      await box.ok('rmi', '-f', 'large')
      const load = box.terminal(['load', '-i', file('large.tar')])
      expect((await load.exited).code).toBe(0)
      expect(load.text).toMatch(new RegExp(`\\u001b\\[J${large}: Loading layer  \\[=+[\\s\\S]*${large}: Loaded\r\n[\\s\\S]*Loaded image: large:latest`))
      await box.ok('rmi', '-f', 'large')
      writeFileSync(file('large.tgz'), gzipSync(readFileSync(file('large.tar')), { level: 1 }))
      const compressed = box.terminal(['load', '-i', file('large.tgz')])
      expect((await compressed.exited).code).toBe(0)
      expect(compressed.text).toMatch(new RegExp(`archive: Reading  \\[=+[\\s\\S]*${large}: Loaded\r\n[\\s\\S]*Loaded image: large:latest`))
      const quiet = box.terminal(['load', '-q', '-i', file('bars.tar')])
      await quiet.exited
      expect(quiet.text).not.toContain('Loading layer')
    } finally {
      await box.lichen('load', '-i', file('bars.tar'))
      await Promise.all([proxy.stop(), registry.stop()])
    }
  })
})

it('import takes what is at an address', async () => {
  mkdirSync(file('www'))
  cpSync(file('busybox.tar'), join(file('www'), 'root.tar'))
  const { createServer } = await import('node:http')
  const { closeServer } = await import('../helpers/token-server.ts')
  const server = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { Location: '/root.tar' }).end()
    else if (request.url === '/root.tar') response.end(execFileSync('cat', [join(file('www'), 'root.tar')], { maxBuffer: 64 * 1024 * 1024 }))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  try {
    await box.ok('import', '-m', 'from afar', '--change', 'ENV PATH=/bin', `${address}/moved`, 'afar')
    expect(await box.ok(...offline, 'afar', 'echo', 'fetched')).toBe('fetched')
    expect(await box.ok('image', 'inspect', '--format', '{{.Comment}}', 'afar')).toBe('from afar')
    expect(await box.lichen('import', `${address}/nothing`)).toMatchObject({ code: 1, stderr: expect.stringContaining('the server answers 404') })
    await box.ok('rmi', 'afar')
  } finally {
    await closeServer(server)
  }
})
