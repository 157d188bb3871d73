import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { tar } from '../helpers/archives.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/** A root file system with one file in it, which no other image has; gives the image's id. */
async function small(name: string, content = name): Promise<string> {
  const path = join(box.files, `${encodeURIComponent(name)}.tar`)
  writeFileSync(path, tar([{ path: 'content', content }]))
  return box.ok('import', path, name)
}

const stored = (folder: string) => readdirSync(join(box.data, folder)).length

describe('images', () => {
  it('lists names, ids and sizes; -q and --format give what scripts want', async () => {
    const id = await small('team/one:v1')
    await box.ok('tag', 'team/one:v1', 'localhost:5000/team/one:v2')
    expect(lines(await box.ok('images', 'team/one'))[1]).toMatch(new RegExp(`^team/one +v1 +${id.slice(7, 19)} +\\S.* ago +11B$`))
    expect(lines(await box.ok('images', '-q', '--no-trunc', '-f', 'reference=*/team/one'))).toEqual([id])
    const rows = lines(await box.ok('images', '--format', 'json')).map((line) => JSON.parse(line))
    expect(rows.map(({ Repository, Tag }) => `${Repository}:${Tag}`)).toEqual(
      expect.arrayContaining(['team/one:v1', 'localhost:5000/team/one:v2', 'busybox:latest']),
    )
    expect(await box.ok('image', 'ls', '--format', '{{.Repository}} {{.Size}}', '-f', `before=busybox`)).not.toContain('team')
    await box.ok('rmi', '-f', id)
  })

  it('an image that loses its name to another is dangling until it is pruned', async () => {
    const [first, second] = [await small('moving', 'a'), await small('moving', 'b')]
    expect(lines(await box.ok('images', '-q', '--no-trunc', '-f', 'dangling=true'))).toEqual([first])
    expect(lines(await box.ok('images', 'moving')).length).toBe(2)
    const pruned = lines(await box.ok('image', 'prune', '--force'))
    expect(pruned).toEqual(['Deleted Images:', `deleted: ${first}`, expect.stringMatching(/^deleted: sha256:/), 'Total reclaimed space: 1B'])
    expect(await box.ok('images', '-q', '--no-trunc', 'moving')).toBe(second)
    await box.ok('rmi', 'moving')
  })

  it('image prune asks, and takes no for an answer', async () => {
    const id = await small('asked', 'a')
    await box.ok('untag', 'asked')
    const { code, stdout } = await box.start(['image', 'prune'], { input: 'n\n' }).exited
    expect([code, stdout]).toEqual([0, expect.stringContaining('This will remove all dangling images.')])
    expect(await box.ok('images', '-q', '--no-trunc', '-f', 'dangling=true')).toBe(id)
    expect((await box.start(['image', 'prune'], { input: 'y\n' }).exited).stdout).toContain(`deleted: ${id}`)
  })

  it('rmi says what went, goes on past what is not there, and leaves no file', async () => {
    const before = [stored('blobs/sha256'), stored('layers'), stored('references')]
    const id = await small('gone:1')
    const { code, stdout, stderr } = await box.lichen('rmi', 'gone:1', 'never:was')
    expect(code).toBe(1)
    expect(lines(stdout)).toEqual(['Untagged: gone:1', `Deleted: ${id}`, expect.stringMatching(/^Deleted: sha256:[0-9a-f]{64}$/)])
    expect(stderr).toContain('Error: No such image: never:was\n')
    expect([stored('blobs/sha256'), stored('layers'), stored('references')]).toEqual(before)
    expect((await box.lichen('rmi', '--force', 'never:was')).code).toBe(0)
  })

  it('an image that a container runs on stays; forced, its name goes and the container goes on', async () => {
    await box.ok('tag', 'busybox', 'mine')
    await box.ok('run', '-d', '--network', 'none', '--name', 'user', 'mine', 'sleep', '1000')
    await box.ok('untag', 'busybox', 'busybox')
    const id = await box.ok('images', '-q', '--no-trunc', 'mine')
    const refusal = await box.lichen('rmi', 'mine')
    expect([refusal.code, refusal.stderr]).toEqual([
      1,
      expect.stringMatching(
        /conflict: unable to remove repository reference "mine" \(must force\) - container [0-9a-f]{12} is using its referenced image [0-9a-f]{12}/,
      ),
    ])
    expect((await box.lichen('rmi', '-f', id)).stderr).toMatch(/\(cannot be forced\) - image is being used by running container/)
    expect(await box.ok('rmi', '-f', 'mine')).toBe('Untagged: mine:latest')
    await box.ok('tag', id, 'busybox')

    await box.ok('kill', 'user')
    await box.ok('wait', 'user')
    await box.ok('rmi', '-f', id)
    await box.ok('start', 'user')
    expect(await box.ok('exec', 'user', 'echo', 'still here')).toBe('still here')
    await box.ok('rm', '-f', 'user')
    expect(stored('layers')).toBe(0)
    await box.ok('import', '--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin', join(box.files, 'busybox.tar'), 'busybox')
  })

  it('system df counts, system check finds what is missing and repairs it', async () => {
    await small('checked', 'a')
    await box.ok('create', '--name', 'holder', 'busybox', 'true')
    const rows = lines(await box.ok('system', 'df', '--format', 'json')).map((line) => JSON.parse(line))
    expect(rows.map(({ Type, TotalCount, Active }) => [Type, TotalCount, Active])).toEqual([
      ['Images', '2', '1'],
      ['Containers', '1', '0'],
      ['Local Volumes', '0', '0'],
      ['Build Cache', '0', '0'],
    ])
    expect(await box.ok('system', 'df', '-v')).toContain('Images space usage:')
    const [{ Images, Containers, Volumes, BuildCache }] = lines(await box.ok('system', 'df', '-v', '--format', 'json')).map((line) => JSON.parse(line))
    expect(Images.map(({ Repository, Containers }: Record<string, string>) => `${Repository} ${Containers}`).sort()).toEqual(['busybox 1', 'checked 0'])
    expect([Containers.map(({ Names }: { Names: string }) => Names), Volumes, BuildCache]).toEqual([['holder'], [], []])
    expect(await box.ok('system', 'df', '-v', '--format', '{{range .Containers}}{{.Names}} {{.Size}}{{end}} {{len .Images}}')).toBe('holder 0B 2')
    await box.ok('rm', 'holder')
    expect(await box.ok('system', 'check')).toBe('')

    const inspect = async (format: string) => box.ok('image', 'inspect', '--format', format, 'checked')
    const blob = (await inspect('{{.Digest}}')).slice(7)
    const manifest = readFileSync(join(box.data, 'blobs/sha256', blob))
    writeFileSync(join(box.data, 'blobs/sha256', blob), manifest.toString().replace('schemaVersion', 'schemaversion'))
    const check = await box.lichen('system', 'check')
    expect([check.code, check.stdout]).toEqual([1, expect.stringContaining('is damaged')])
    expect((await box.lichen('system', 'check', '--repair')).code).toBe(0)
    expect(await box.ok('system', 'check')).toBe('')
    expect(await box.ok('images', '-q', 'checked')).toBe('')
  })

  it('a bad name is refused with the reason', async () => {
    for (const [name, why] of [
      ['UPPER', 'must be lowercase'],
      ['a@sha256:12', 'invalid reference format'],
      [`x@sha256:${'0'.repeat(64)}`, 'digest reference'],
    ] as const) {
      const { code, stderr } = await box.lichen('tag', 'busybox', name)
      expect([code === 0, stderr]).toEqual([false, expect.stringContaining(why)])
    }
  })

  it('image exists answers by its exit code; history and manifest inspect tell where an image comes from', async () => {
    expect((await box.lichen('image', 'exists', 'busybox')).code).toBe(0)
    expect((await box.lichen('image', 'exists', 'nothing')).code).toBe(1)
    const [head, row] = lines(await box.ok('history', 'busybox'))
    expect(head).toMatch(/^IMAGE +CREATED +CREATED BY +SIZE +COMMENT$/)
    expect(row).toMatch(/^[0-9a-f]{12} .* ago .*MB +Imported from /)
    expect(JSON.parse(await box.ok('manifest', 'inspect', 'busybox'))).toMatchObject({
      schemaVersion: 2,
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar' }],
    })
  })
})

describe('import', () => {
  it('takes a file, a pipe and compressed ones, and keeps the layer as it came', async () => {
    const plain = tar([{ path: 'hello', content: 'lichen' }])
    const compressed = gzipSync(plain)
    writeFileSync(join(box.files, 'root.tar.gz'), compressed)
    await box.ok('import', join(box.files, 'root.tar.gz'), 'packed')
    const { stdout } = await box.start(['import', '-', 'piped'], { input: plain }).exited
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/)
    const layer = async (name: string) => JSON.parse(await box.ok('manifest', 'inspect', name)).layers[0]
    expect(await layer('packed')).toMatchObject({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: compressed.length })
    expect(await layer('piped')).toMatchObject({ mediaType: 'application/vnd.oci.image.layer.v1.tar', size: plain.length })
    const diffIds = await Promise.all(['packed', 'piped'].map((name) => box.ok('image', 'inspect', '--format', '{{index .RootFS.Layers 0}}', name)))
    expect(new Set(diffIds).size).toBe(1)
    await box.ok('rmi', 'packed', 'piped')
  })

  it('--change, --message and --platform are written down', async () => {
    const path = join(box.files, 'root.tar')
    writeFileSync(path, tar([{ path: 'hello', content: 'lichen' }]))
    const changes = ['CMD ["a", "b"]', 'ENV X=y', 'EXPOSE 80', 'LABEL k=v', 'USER 5', 'VOLUME /data', 'WORKDIR /w', 'STOPSIGNAL SIGINT', 'ENTRYPOINT e']
    await box.ok('import', ...changes.flatMap((change) => ['--change', change]), '--message', 'by hand', '--platform', 'linux/arm64', path, 'changed')
    const [document] = JSON.parse(await box.ok('image', 'inspect', 'changed'))
    expect(document).toMatchObject({
      Architecture: 'arm64',
      Comment: 'by hand',
      Config: {
        Cmd: ['a', 'b'],
        Env: ['X=y'],
        ExposedPorts: { '80/tcp': {} },
        Labels: { k: 'v' },
        User: '5',
        Volumes: { '/data': {} },
        WorkingDir: '/w',
        StopSignal: 'SIGINT',
        Entrypoint: ['/bin/sh', '-c', 'e'],
      },
    })
    await box.ok('rmi', 'changed')
    const { code, stderr } = await box.lichen('import', '--change', 'RUN x', path)
    expect([code, stderr]).toEqual([1, expect.stringContaining('RUN is not a valid change command')])
  })

  it('refuses what is no tar, and leaves nothing of it', async () => {
    const before = stored('blobs/sha256')
    for (const [input, why, wanted] of [
      ['nothing of the kind', 'it is not a tar archive', 1],
      [gzipSync(tar([{ path: 'x', content: 'y'.repeat(5000) }])).subarray(0, 60), 'cut short', 1],
      [tar([{ path: 'x', content: 'y'.repeat(5000) }]).subarray(0, 2000), 'cut short', 1],
      ['', 'empty', 1],
    ] as const) {
      const { code, stderr } = await box.start(['import', '-'], { input: input as string }).exited
      expect([code, stderr]).toEqual([wanted, expect.stringContaining(why)])
    }
    expect(stored('blobs/sha256')).toBe(before)
  })
})
