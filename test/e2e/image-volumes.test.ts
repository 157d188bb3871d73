import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const dockerfile = `FROM busybox
RUN mkdir -p /opt/deep && echo one > /opt/a && echo two > /opt/b && chmod 600 /opt/b && chown 33:34 /opt/b && ln -s /etc/passwd /opt/out
RUN rm /opt/a && echo new > /opt/c
`
beforeAll(async () => {
  const context = join(box.files, 'context')
  mkdirSync(context)
  writeFileSync(join(context, 'Dockerfile'), dockerfile)
  box.give(context)
  await box.ok('build', '--quiet', '--network', 'none', '--tag', 'tool', context)
})

const isolated = ['--network', 'none']
const mounted = (options: string, ...before: string[]) => [...before, ...isolated, '--mount', `type=image,src=tool,dst=/m${options}`, 'busybox']

for (const driver of ['overlay', 'fuse-overlayfs', 'vfs']) {
  it(`shows the layers as one tree, read-only, with ${driver}`, async () => {
    const script = 'ls -n /m/opt; cat /m/opt/b; touch /m/x 2>&1'
    const shown = await box.lichen('--storage-driver', driver, 'run', '--rm', ...mounted(''), 'sh', '-c', script)
    expect([shown.code, shown.stderr]).toEqual([1, ''])
    expect(shown.stdout).toMatch(
      /^total \d+\n-rw------- +1 33 +34 .* b\n-rw-r--r-- +1 0 +0 .* c\ndrwxr.* deep\nlrwx.* out -> \/etc\/passwd\ntwo\ntouch: \/m\/x: Read-only/,
    )
  })
}

it('with other ids belongs to whom it does in the image', async () => {
  expect(await box.ok('run', '--rm', '--userns', 'keep-id', ...mounted(''), 'stat', '-c', '%u:%g %a', '/m', '/m/opt/b')).toBe('0:0 755\n33:34 600')
  const { code, stderr } = await box.lichen('run', '--rm', '--userns', 'nomap', ...mounted(''), 'true')
  expect([code, stderr]).toEqual([125, expect.stringContaining("the files of the image's root would be nobody's")])
})

it('shows a part of the image, be it a file, and nothing of the host through a link', async () => {
  expect(await box.ok('run', '--rm', ...mounted(',image-subpath=opt/c'), 'cat', '/m')).toBe('new')
  expect(await box.ok('run', '--rm', ...mounted(',subpath=opt'), 'ls', '/m')).toBe('b\nc\ndeep\nout')
  expect(await box.ok('run', '--rm', ...mounted(',subpath=opt/out'), 'cat', '/m')).toMatch(/^root:x:0:0:root:\/root:\/bin\/sh\n/)
  const { code, stderr } = await box.lichen('run', '--rm', ...mounted(',subpath=nope'), 'true')
  expect([code, stderr]).toEqual([125, 'Error: cannot access path nope of the image: no such file or directory\n'])
})

it('keeps what is written to it with rw for the container alone, and cp sees it', async () => {
  await box.ok('create', '--name', 'writer', ...mounted(',rw'), 'sh', '-c', 'ls /m/opt; echo mine > /m/opt/n; rm -rf /m/bin')
  expect([await box.ok('start', '-a', 'writer'), await box.ok('start', '-a', 'writer')]).toEqual(['b\nc\ndeep\nout', 'b\nc\ndeep\nn\nout'])
  await box.ok('cp', 'writer:/m/opt/n', join(box.files, 'n'))
  expect(await box.ok('run', '--rm', ...mounted(''), 'sh', '-c', 'ls /m/opt/n 2>&1; ls -d /m/bin')).toBe('ls: /m/opt/n: No such file or directory\n/m/bin')
  expect(JSON.parse(await box.ok('inspect', '-f', '{{json .Mounts}}', 'writer'))).toMatchObject([
    { Type: 'image', Source: 'tool', Destination: '/m', RW: true },
  ])
  expect(await box.ok('diff', 'writer')).toBe('A /m')
})

it('keeps the image, and its layers even where its name is taken by force', async () => {
  await box.ok('tag', 'tool', 'kept')
  await box.ok('create', '--name', 'user', ...isolated, '--mount', 'type=image,src=kept,dst=/m', 'busybox', 'cat', '/m/opt/c')
  const id = await box.ok('image', 'inspect', '-f', '{{.Id}}', 'kept')
  expect(await box.lichen('rmi', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('(must be forced)') })
  await box.ok('rmi', '--force', 'kept', 'tool')
  await box.ok('builder', 'prune', '--all', '--force')
  await box.ok('image', 'prune', '--all', '--force')
  expect(await box.ok('start', '-a', 'user')).toBe('new')
})
