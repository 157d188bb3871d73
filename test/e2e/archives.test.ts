import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { tar } from '../helpers/archives.ts'
import { type MadeImage, makeImage } from '../helpers/oci-image.ts'
import { requireTool } from '../helpers/prerequisites.ts'
import { must } from '../helpers/run.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
for (const tool of ['skopeo', 'umoci', 'gzip', 'zstd', 'xz']) requireTool(tool)

const file = (name: string) => join(box.files, name)
/** What root has made is for the user to read. */
function shared(path: string): string {
  execFileSync('chmod', ['-R', 'a+rX', path])
  return path
}
const copy = (...args: string[]) => must('skopeo', ['--insecure-policy', 'copy', '--quiet', ...args])
const skopeo = async (reference: string) => JSON.parse((await must('skopeo', ['inspect', reference])).stdout) as { Digest: string; Layers: string[] }
const lines = (text: string) => text.split('\n').filter((line) => line !== '')
const stored = () => ['blobs/sha256', 'images', 'layers', 'references', 'tmp'].map((folder) => readdirSync(join(box.data, folder)).sort().join(' '))

let layout: MadeImage
beforeAll(async () => {
  const large = randomBytes(600_000)
  layout = await makeImage(file('layout'), { layers: [{ 'etc/': '', 'etc/name': 'bottom', large }, { 'etc/name': 'top' }], tag: 'sample:1' })
  shared(layout.folder)
})

/** Loads it, and says what the image that came of it is. */
async function loaded(args: string[], input?: Buffer): Promise<{ id: string; names: string[] }> {
  const { code, stdout, stderr } = await box.start(['load', ...args], input === undefined ? {} : { input }).exited
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const names = lines(stdout).map((line) => /^Loaded image(?: ID)?: (.*)$/.exec(line)?.[1] ?? line)
  const id = await box.ok('image', 'inspect', '--format', '{{.Id}}', names[0]!)
  await box.ok('rmi', '--force', id)
  return { id, names }
}

describe('load', () => {
  it('takes the folder of an OCI layout', async () => {
    expect(await loaded(['-i', layout.folder])).toEqual({ id: layout.configDigest, names: ['sample:1'] })
  })

  it("takes the folder of skopeo's dir:, which has no name", async () => {
    await copy(`oci:${layout.folder}:sample:1`, `dir:${file('dir')}`)
    expect(await loaded(['-i', shared(file('dir'))])).toEqual({ id: layout.configDigest, names: [layout.configDigest] })
  })

  it.each(['oci-archive', 'docker-archive'])("takes skopeo's %s, plain and compressed, from a file, a redirect and a pipe", async (kind) => {
    const path = file(`${kind}.tar`)
    rmSync(path, { force: true })
    await copy(`oci:${layout.folder}:sample:1`, `${kind}:${path}:example.com/team/sample:2`)
    const name = 'example.com/team/sample:2'
    const expected = { id: layout.configDigest, names: [name] }
    const variants: [string, string[]][] = [
      ['', []],
      ['.gz', ['gzip', '-c']],
      ['.zst', ['zstd', '-q', '-c']],
      ['.xz', ['xz', '-c']],
    ]
    for (const [suffix, [program, ...args]] of variants) {
      if (program !== undefined) writeFileSync(`${path}${suffix}`, execFileSync(program, [...args, path], { maxBuffer: 64 * 1024 * 1024 }))
      shared(`${path}${suffix}`)
      expect(await loaded(['-i', `${path}${suffix}`]), suffix).toEqual(expected)
      expect(await loaded([], readFileSync(`${path}${suffix}`)), suffix).toEqual(expected)
    }
    const redirected = execFileSync('sh', ['-c', 'exec "$@" < "$0"', shared(path), ...box.argv(['load', '--quiet'])], {
      env: box.env,
      cwd: '/',
      encoding: 'utf8',
    })
    expect(redirected).toBe(`Loaded image: ${name}\n`)
    await box.ok('rmi', name)
  })

  it('takes what umoci makes, without media types in manifests, and runs it', async () => {
    const folder = file('umoci')
    const root = file('umoci-root')
    mkdirSync(root)
    execFileSync('tar', ['-C', root, '-xf', file('busybox.tar')])
    await must('umoci', ['init', '--layout', folder])
    await must('umoci', ['new', '--image', `${folder}:busy`])
    await must('umoci', ['insert', ...(process.getuid?.() === 0 ? [] : ['--rootless']), '--image', `${folder}:busy`, root, '/'])
    await must('umoci', ['config', '--image', `${folder}:busy`, '--config.cmd', 'echo', '--config.cmd', 'made by umoci', '--config.env', 'PATH=/bin'])
    const path = file('umoci.tar')
    await must('tar', ['-C', folder, '-cf', path, '.'])
    expect(await box.ok('load', '-i', shared(path))).toBe('Loaded image: busy:latest')
    expect(await box.ok('run', '--rm', '--network', 'none', 'busy')).toBe('made by umoci')
    await box.ok('rmi', 'busy')
  })

  it('of several platforms takes the wanted one', async () => {
    const other = await makeImage(file('other'), { layers: [{ x: 'y' }], architecture: 'arm64', tag: 'multi' })
    const [here, there] = [layout, other].map((made) => JSON.parse(readFileSync(join(made.folder, 'index.json'), 'utf8')).manifests[0])
    const name = { annotations: { 'org.opencontainers.image.ref.name': 'multi' } }
    const platform = (architecture: string) => ({ ...name, platform: { os: 'linux', architecture } })
    execFileSync('cp', ['-R', `${layout.folder}/blobs`, other.folder])
    writeFileSync(
      join(other.folder, 'index.json'),
      JSON.stringify({
        schemaVersion: 2,
        manifests: [
          { ...here, ...platform('amd64') },
          { ...there, ...platform('arm64') },
        ],
      }),
    )
    shared(other.folder)
    expect((await loaded(['-i', other.folder, '--platform', 'linux/amd64'])).id).toBe(layout.configDigest)
    expect((await loaded(['-i', other.folder, '--platform', 'linux/arm64'])).id).toBe(other.configDigest)
    const { code, stderr } = await box.lichen('load', '-i', other.folder, '--platform', 's390x')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no matching manifest for linux\/s390x[\s\S]*linux\/amd64, linux\/arm64/)])
  })

  it('says whose name it takes away', async () => {
    const before = await box.ok('images', '-q', '--no-trunc', 'busybox')
    const renamed = await makeImage(file('renamed'), { layers: [{ x: 'z' }], tag: 'busybox' })
    expect(lines(await box.ok('load', '-i', shared(renamed.folder)))).toEqual([
      `The image busybox:latest already exists, renaming the old one with ID ${before} to empty string`,
      'Loaded image: busybox:latest',
    ])
    await box.ok('rmi', 'busybox')
    await box.ok('tag', before, 'busybox')
  })

  it('a docker-archive of an image that is here leaves it the manifest that it came with', async () => {
    await box.ok('load', '-i', layout.folder)
    const digestOf = () => box.ok('image', 'inspect', '--format', '{{.Digest}}', 'sample:1')
    const path = file('again.tar')
    await copy(`oci:${layout.folder}:sample:1`, `docker-archive:${path}:sample:1`)
    await box.ok('load', '-i', shared(path))
    expect(await digestOf()).toBe(layout.manifestDigest)
    await box.ok('rmi', 'sample:1')
  })
})

describe('save', () => {
  it('gives archives that skopeo reads, with the digests that came', async () => {
    await box.ok('load', '-i', layout.folder)
    await box.ok('tag', 'sample:1', 'localhost:5000/sample:2')
    const one = box.start(['save', '-o', file('saved.tar'), 'sample:1', 'localhost:5000/sample:2', 'busybox'])
    expect(await one.exited).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await skopeo(`docker-archive:${file('saved.tar')}:sample:1`)).Layers).toEqual(layout.layers.map(({ diffId }) => diffId))
    await box.ok('save', '--format', 'oci-archive', '-o', file('saved-oci.tar'), 'sample:1')
    expect(await skopeo(`oci-archive:${file('saved-oci.tar')}`)).toMatchObject({
      Digest: layout.manifestDigest,
      Layers: layout.layers.map(({ digest }) => digest),
    })
    await copy('--preserve-digests', `oci-archive:${file('saved-oci.tar')}`, `dir:${file('saved-dir')}`)
    expect(readFileSync(join(file('saved-dir'), 'manifest.json'))).toEqual(readFileSync(join(layout.folder, 'blobs/sha256', layout.manifestDigest.slice(7))))

    const busybox = await box.ok('images', '-q', '--no-trunc', 'busybox')
    await box.ok('rmi', '-f', busybox, layout.configDigest)
    expect(lines(await box.ok('load', '-i', file('saved.tar')))).toEqual([
      'Loaded image: sample:1',
      'Loaded image: localhost:5000/sample:2',
      'Loaded image: busybox:latest',
    ])
    expect(await box.ok('image', 'inspect', '--format', '{{.Id}} {{.Digest}}', 'sample:1')).toBe(`${layout.configDigest} ${layout.manifestDigest}`)
    expect(await box.ok('images', '-q', '--no-trunc', 'busybox')).toBe(busybox)
    await box.ok('rmi', '-f', layout.configDigest)
  })

  it('umoci unpacks what was saved', async () => {
    await box.ok('load', '-i', layout.folder)
    await box.ok('save', '--format', 'oci-archive', '-o', file('for-umoci.tar'), 'sample:1')
    mkdirSync(file('for-umoci'))
    await must('tar', ['-C', file('for-umoci'), '-xf', file('for-umoci.tar')])
    await must('umoci', ['raw', 'unpack', '--rootless', '--image', `${file('for-umoci')}:sample:1`, file('unpacked')])
    expect(readFileSync(join(file('unpacked'), 'etc/name'), 'utf8')).toBe('top')
    await box.ok('rmi', 'sample:1')
  })

  it('writes no archive to a terminal, and no half of one', async () => {
    const terminal = box.terminal(['save', 'busybox'])
    await terminal.shows('cowardly refusing to save to a terminal')
    const { code, stderr } = await box.lichen('save', '-o', file('never.tar'), 'busybox', 'nothing')
    expect([code, stderr]).toEqual([1, expect.stringContaining('No such image: nothing:latest')])
    expect(readdirSync(box.files).filter((name) => name.startsWith('never'))).toEqual([])
  })
})

describe('what is no good', () => {
  it('is refused with the reason, and nothing of it stays', async () => {
    const path = file('good.tar')
    await box.ok('load', '-i', layout.folder)
    await box.ok('save', '-o', path, 'sample:1')
    await box.ok('rmi', 'sample:1')
    const good = readFileSync(path)
    const config = layout.configDigest.slice(7)
    const flipped = Buffer.from(good)
    flipped[good.length / 2]! ^= 1
    const before = stored()
    const cases: [Buffer, string, number][] = [
      [good.subarray(0, 100_000), 'the archive is cut short', 1],
      [flipped, 'is not what was announced', 125],
      [Buffer.from('nonsense'), 'it is not a tar archive', 1],
      [tar([{ path: 'readme', content: 'hello' }]), 'neither manifest.json nor index.json', 1],
      [tar([{ path: 'bin/', type: '5' }]), 'the tar of a root file system', 1],
      [tar([{ path: '../../escape', content: 'x' }]), 'leads out of the archive', 125],
      [tar([{ path: 'manifest.json', content: `[{"Config":"blobs/sha256/${config}","Layers":["../../../etc/passwd"]}]` }]), 'lacks blobs/sha256', 125],
    ]
    for (const [bytes, why, wanted] of cases) {
      writeFileSync(file('bad.tar'), bytes)
      for (const run of [box.lichen('load', '-i', shared(file('bad.tar'))), box.start(['load'], { input: bytes }).exited]) {
        const { code, stderr } = await run
        expect([code, stderr]).toEqual([wanted, expect.stringContaining(why)])
      }
      expect(stored()).toEqual(before)
    }
  })

  it('a layout whose blobs are links to elsewhere shows nothing of it', async () => {
    const evil = await makeImage(file('evil'), { layers: [{ x: 'evil' }] })
    const manifest = join(evil.folder, 'blobs/sha256', evil.manifestDigest.slice(7))
    writeFileSync(file('outside'), readFileSync(manifest))
    rmSync(manifest)
    symlinkSync(shared(file('outside')), manifest)
    const { code, stderr } = await box.lichen('load', '-i', shared(evil.folder))
    expect([code, stderr]).toEqual([125, expect.stringContaining('the archive lacks the blob')])
  })
})

describe('under way', () => {
  it('ten at once load the same image once', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => box.lichen('load', '-i', layout.folder)))
    for (const result of results) expect(result).toEqual({ code: 0, stdout: 'Loaded image: sample:1\n', stderr: '' })
    expect(await box.ok('system', 'check')).toBe('')
    await box.ok('rmi', 'sample:1')
  })

  it('killed at any moment, a load leaves nothing that the next commands do not put right', async () => {
    const bytes = execFileSync('gzip', ['-1', '-c'], { input: tar([...folderMembers(layout.folder)]), maxBuffer: 64 * 1024 * 1024 })
    for (let round = 0; round < 12; round++) {
      const run = box.start(['load'], { input: bytes })
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 15))
      run.kill('SIGKILL')
      await run.exited
      expect((await box.lichen('system', 'check', '--repair')).code).toBe(0)
      expect(await box.ok('system', 'check')).toBe('')
    }
    expect((await box.start(['load'], { input: bytes }).exited).stdout).toBe('Loaded image: sample:1\n')
    await box.ok('rmi', 'sample:1')
  })
})

function folderMembers(folder: string) {
  const paths = ['index.json', 'oci-layout', ...readdirSync(join(folder, 'blobs/sha256')).map((name) => `blobs/sha256/${name}`)]
  return paths.map((path) => ({ path, content: readFileSync(join(folder, path)) }))
}
