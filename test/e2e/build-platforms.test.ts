import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startRegistry } from '../helpers/registry.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const context = join(box.files, 'context')
const out = join(box.files, 'out')
const OWN = process.arch === 'arm64' ? 'arm64' : 'amd64'
const OTHER = OWN === 'arm64' ? 'amd64' : 'arm64'
/** The one that runs here is not the first. */
const BOTH = `linux/${OTHER},linux/${OWN}`

/** Files that tell their platform, of a stage that runs on this machine. */
const FILES = [
  'FROM --platform=$BUILDPLATFORM busybox AS files',
  'ARG TARGETPLATFORM TARGETARCH',
  'RUN mkdir -p /o/bin && echo $TARGETPLATFORM > /o/platform && echo $TARGETARCH > /o/$TARGETARCH && cp /bin/busybox /o/bin/cat',
  'FROM scratch',
  'COPY --from=files /o /',
  'CMD ["/bin/cat", "/platform"]',
]

beforeEach(() => {
  for (const folder of [context, out]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    box.give(folder)
  }
})

afterEach(async () => {
  await box.lichen('rmi', '-f', 'many', 'again')
  await box.ok('image', 'prune', '-f')
  expect((await box.ok('images', '--format', '{{.Repository}}')).split('\n')).toEqual(['busybox'])
})

function dockerfile(...lines: string[]): void {
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, context])
}

const build = (...flags: string[]) => box.start(['build', '--progress', 'plain', '--platform', BOTH, ...flags, context]).exited
async function built(...flags: string[]): Promise<string> {
  const { code, stderr } = await build(...flags)
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  return stderr
}
const json = (text: string) => JSON.parse(text)
const raw = (place: string) => json(execFileSync('skopeo', ['inspect', '--tls-verify=false', '--raw', place], { encoding: 'utf8' }))
const platforms = (index: { manifests: { platform: { architecture: string } }[] }) => index.manifests.map(({ platform }) => platform.architecture)

test('a name stands for all of them: run takes the one that fits, or that was asked for', async () => {
  dockerfile(...FILES)
  const stderr = await built('-t', 'many', '--iidfile', join(out, 'id'), '--metadata-file', join(out, 'meta'))
  expect(stderr).toMatch(new RegExp(`\\[linux/${OTHER} files 2/2\\] RUN`))
  expect(await box.ok('run', '--rm', '--network', 'none', 'many')).toBe(`linux/${OWN}`)
  expect(await box.ok('image', 'inspect', '--format', '{{.Architecture}}', 'many')).toBe(OWN)
  const index = json(await box.ok('manifest', 'inspect', '--local', 'many'))
  expect(platforms(index)).toEqual([OTHER, OWN])
  const meta = json(readFileSync(join(out, 'meta'), 'utf8'))
  expect(meta).toMatchObject({
    'containerimage.digest': readFileSync(join(out, 'id'), 'utf8'),
    'containerimage.descriptor': { mediaType: 'application/vnd.oci.image.index.v1+json' },
  })
  // Its program is this machine's, whatever the image says.
  expect(await box.ok('run', '--rm', '--network', 'none', '--pull', 'never', '--platform', `linux/${OTHER}`, 'many')).toBe(`linux/${OTHER}`)
  expect(await box.lichen('run', '--rm', '--pull', 'never', '--platform', 'linux/s390x', 'many')).toMatchObject({
    code: 125,
    stderr: expect.stringContaining('no matching manifest for linux/s390x'),
  })
})

test('rmi takes all of them, once no name stands for them; a new build lets the old ones go', async () => {
  dockerfile(...FILES)
  await built('-t', 'many')
  await box.ok('tag', 'many', 'again')
  await box.ok('rmi', 'many')
  expect(await box.ok('run', '--rm', '--network', 'none', '--pull', 'never', '--platform', `linux/${OTHER}`, 'again')).toBe(`linux/${OTHER}`)
  await box.ok('image', 'prune', '-f')
  expect(await box.ok('run', '--rm', '--network', 'none', '--pull', 'never', '--platform', `linux/${OTHER}`, 'again')).toBe(`linux/${OTHER}`)
  dockerfile(...FILES, 'LABEL new=1')
  await built('-t', 'again')
  expect(await box.ok('run', '--rm', '--network', 'none', '--pull', 'never', '--platform', `linux/${OTHER}`, 'again')).toBe(`linux/${OTHER}`)
  expect((await box.ok('images', '-q', '--filter', 'dangling=true')).split('\n')).toHaveLength(2)
  await box.ok('image', 'prune', '-f')
  expect((await box.ok('images', '-a', '--format', '{{.Repository}}')).split('\n').sort()).toEqual(['again', 'again', 'busybox'])
  await box.ok('rmi', 'again')
  expect(await box.ok('images', '-aq')).toHaveLength(12)
})

test('an index that is lost breaks no list, and its name can be removed', async () => {
  dockerfile(...FILES)
  await built('-t', 'many', '--iidfile', join(out, 'id'))
  rmSync(join(box.data, 'blobs/sha256', readFileSync(join(out, 'id'), 'utf8').slice('sha256:'.length)))
  expect((await box.ok('images', '--format', '{{.Repository}}')).split('\n').sort()).toEqual(['<none>', 'busybox', 'many'])
  expect(await box.ok('run', '--rm', '--network', 'none', 'many')).toBe(`linux/${OWN}`)
  expect(await box.lichen('save', '-o', join(out, 'x.tar'), 'many')).toMatchObject({ code: 125, stderr: expect.stringContaining('the store lacks the index') })
  await box.ok('rmi', 'many')
})

test('push brings the index and all of its images, and others read it', async () => {
  const registry = await startRegistry()
  const name = `${registry.host}/many:1`
  try {
    dockerfile(...FILES)
    await built('-t', name, '--push')
    expect(platforms(raw(`docker://${name}`))).toEqual([OTHER, OWN])
    execFileSync('skopeo', ['copy', '-q', '--src-tls-verify=false', '--all', `docker://${name}`, `oci:${out}/copied:1`])
    await box.ok('tag', name, `${registry.host}/many:2`)
    await box.ok('push', '-q', `${registry.host}/many:2`)
    expect(raw(`docker://${registry.host}/many:2`)).toEqual(raw(`docker://${name}`))
    await box.ok('rmi', name, `${registry.host}/many:2`)
    await box.ok('pull', '-q', '--platform', `linux/${OTHER}`, name)
    expect(await box.ok('image', 'inspect', '--format', '{{.Architecture}}', name)).toBe(OTHER)
    await box.ok('rmi', name)
  } finally {
    await registry.stop()
  }
})

test('archives and layouts have all of them, files a folder each', async () => {
  dockerfile(...FILES)
  const outputs = [`type=oci,dest=${out}/oci.tar`, `type=oci,tar=false,dest=${out}/layout`, `type=local,dest=${out}/local`, `type=tar,dest=${out}/files.tar`]
  await built('-t', 'many', ...outputs.flatMap((output) => ['-o', output]), '-o', 'type=image')
  for (const place of [`oci-archive:${out}/oci.tar`, `oci:${out}/layout:latest`]) {
    expect(platforms(raw(place))).toEqual([OTHER, OWN])
    for (const architecture of [OTHER, OWN])
      expect(json(execFileSync('skopeo', ['inspect', '--override-arch', architecture, place], { encoding: 'utf8' })).Architecture).toBe(architecture)
  }
  expect(readdirSync(join(out, 'local')).sort()).toEqual([`linux_${OTHER}`, `linux_${OWN}`].sort())
  expect(readFileSync(join(out, `local/linux_${OTHER}/platform`), 'utf8')).toBe(`linux/${OTHER}\n`)
  for (const architecture of [OTHER, OWN])
    expect(execFileSync('tar', ['-xOf', join(out, 'files.tar'), `linux_${architecture}/${architecture}`], { encoding: 'utf8' })).toBe(`${architecture}\n`)
  await box.ok('save', '-o', join(out, 'saved.tar'), 'many')
  expect(platforms(raw(`oci-archive:${out}/saved.tar`))).toEqual([OTHER, OWN])
  expect(await build('-o', `type=docker,dest=${out}/docker.tar`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not currently support exporting manifest lists'),
  })
  expect(existsSync(join(out, 'docker.tar'))).toBe(false)
})

test('a program of another machine says what it needs', async () => {
  if (existsSync(`/proc/sys/fs/binfmt_misc/qemu-${OTHER === 'arm64' ? 'aarch64' : 'x86_64'}`))
    throw new Error('this machine runs such programs: sudo apt-get remove qemu-user-static')
  // The head of a program is all that the kernel looks at.
  const machine = OTHER === 'arm64' ? 183 : 62
  const head = Buffer.alloc(120)
  head.write('\x7fELF\x02\x01\x01', 'latin1')
  head.writeUInt16LE(2, 16)
  head.writeUInt16LE(machine, 18)
  writeFileSync(join(context, 'sh'), head, { mode: 0o755 })
  dockerfile('FROM scratch', 'COPY sh /bin/sh', 'RUN true')
  const { code, stderr } = await build('-t', 'many')
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('sudo apt-get install qemu-user-static') })
  expect(stderr).toContain('Dockerfile:3: RUN true')
})
