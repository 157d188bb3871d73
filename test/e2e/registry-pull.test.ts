import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { digestOf, makeImage } from '../helpers/oci-image.ts'
import { skopeoInspect, skopeoPush } from '../helpers/registry.ts'
import { useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFaultyRegistry } from '../helpers/registry-setup.ts'
import { must } from '../helpers/run.ts'

const newBox = useRegistryBoxes()
const at = useFaultyRegistry('team/app:v1', {
  layers: [{ 'etc/': '', 'etc/one': '1' }, { 'etc/two': '2' }, { 'etc/three': 'x'.repeat(100_000) }],
  config: { Cmd: ['sh'] },
})
let name: string

beforeAll(() => {
  name = `${at.proxy.host}/team/app`
})

const short = (digest: string) => digest.slice(7, 19)
const asked = () => at.proxy.seen.map(({ method, path }) => `${method} ${path}`)

describe('pull', () => {
  test('says what Docker says, and keeps what the registry has', async () => {
    const box = await newBox()
    const lines = (await box.ok('pull', `${name}:v1`)).split('\n')
    expect(lines[0]).toBe('v1: Pulling from team/app')
    expect(lines.slice(-3)).toEqual([`Digest: ${at.image.manifestDigest}`, `Status: Downloaded newer image for ${name}:v1`, `${name}:v1`])
    for (const { digest } of at.image.layers) {
      expect(lines.filter((line) => line.startsWith(short(digest)))).toEqual(
        ['Pulling fs layer', 'Download complete', 'Pull complete'].map((state) => `${short(digest)}: ${state}`),
      )
    }
    expect((await skopeoInspect(`${at.registry.host}/team/app:v1`)).digest).toBe(at.image.manifestDigest)
    expect(await box.ok('inspect', '--format', '{{.Id}} {{json .RepoTags}} {{json .RepoDigests}}', `${name}:v1`)).toBe(
      `${at.image.configDigest} ["${name}:v1"] ["${name}@${at.image.manifestDigest}"]`,
    )
    expect(await box.images('{{.ID}}')).toEqual([at.image.configDigest.slice(7, 19)])
  })

  test('again, with nothing new: one question', async () => {
    const box = await newBox()
    await box.ok('pull', '-q', `${name}:v1`)
    at.proxy.seen.length = 0
    const lines = (await box.ok('pull', `${name}:v1`)).split('\n')
    expect(lines).toEqual(['v1: Pulling from team/app', `Digest: ${at.image.manifestDigest}`, `Status: Image is up to date for ${name}:v1`, `${name}:v1`])
    expect(asked()).toEqual(['HEAD /v2/team/app/manifests/v1'])
  })

  test('takes what is here already, and only the rest from the registry', async () => {
    const more = await makeImage(join(at.folder, 'more'), { layers: [{ 'etc/': '', 'etc/one': '1' }, { other: 'o' }] })
    await skopeoPush(more.folder, `${at.registry.host}/team/more:v1`)
    const box = await newBox()
    await box.ok('pull', '-q', `${name}:v1`)
    at.proxy.seen.length = 0
    const output = await box.ok('pull', `${at.proxy.host}/team/more:v1`)
    expect(output).toContain(`${short(more.layers[0]!.digest)}: Already exists`)
    expect(
      asked()
        .filter((line) => line.includes('/blobs/'))
        .sort(),
    ).toEqual([more.configDigest, more.layers[1]!.digest].map((digest) => `GET /v2/team/more/blobs/${digest}`).sort())
  })

  test('a tag that has moved: the old image stays without it', async () => {
    const box = await newBox()
    await skopeoPush(at.image.folder, `${at.registry.host}/team/moving:latest`)
    await box.ok('pull', '-q', `${at.proxy.host}/team/moving`)
    const next = await makeImage(join(at.folder, 'next'), { layers: [{ new: 'n' }] })
    await skopeoPush(next.folder, `${at.registry.host}/team/moving:latest`)
    expect(await box.ok('pull', `${at.proxy.host}/team/moving`)).toContain('Status: Downloaded newer image for')
    expect(await box.ok('inspect', '--format', '{{.Id}}', `${at.proxy.host}/team/moving`)).toBe(next.configDigest)
    expect(await box.ok('inspect', '--format', '{{json .RepoTags}}', at.image.configDigest)).toBe('[]')
  })

  test('by digest', async () => {
    const box = await newBox()
    const reference = `${name}@${at.image.manifestDigest}`
    expect((await box.ok('pull', reference)).split('\n').at(-1)).toBe(reference)
    expect(await box.ok('inspect', '--format', '{{json .RepoTags}} {{json .RepoDigests}}', reference)).toBe(`[] ["${reference}"]`)
    at.proxy.seen.length = 0
    expect(await box.ok('pull', reference)).toContain('Status: Image is up to date')
    expect(asked()).toEqual([])
  })

  test('without a tag it is latest, and that is said', async () => {
    const box = await newBox()
    await skopeoPush(at.image.folder, `${at.registry.host}/plain:latest`)
    expect((await box.ok('pull', `${at.proxy.host}/plain`)).split('\n')[0]).toBe('Using default tag: latest')
    expect(await box.ok('pull', '-q', `${at.proxy.host}/plain`)).toBe(`${at.proxy.host}/plain:latest`)
  })

  test('all tags', async () => {
    const box = await newBox()
    for (const tag of ['a', 'b', 'c']) await skopeoPush(at.image.folder, `${at.registry.host}/many:${tag}`)
    await box.ok('pull', '--all-tags', `${at.proxy.host}/many`)
    expect(await box.images()).toEqual(['a', 'b', 'c'].map((tag) => `${at.proxy.host}/many:${tag}`))
    expect(await box.lichen('pull', '-a', `${at.proxy.host}/many:a`)).toMatchObject({ code: 1 })
  })

  test('policies', async () => {
    const box = await newBox()
    expect(await box.fails('pull', '--policy', 'never', `${name}:v1`)).toContain(`No such image: ${name}:v1`)
    await box.ok('pull', '--policy', 'missing', `${name}:v1`)
    at.proxy.seen.length = 0
    expect(await box.ok('pull', '--policy', 'missing', `${name}:v1`)).toBe(`${name}:v1`)
    expect(asked()).toEqual([])
    expect(await box.fails('pull', '--policy', 'sometimes', `${name}:v1`)).toContain('unknown policy')
  })

  test('bars on a terminal', async () => {
    const box = await newBox()
    // Long enough for all three to be drawn before one of them is done.
    at.proxy.rules.push({ match: /^GET .*\/blobs\//, fault: { kind: 'pause', after: 1, milliseconds: 500 } })
    const terminal = box.terminal(['pull', `${name}:v1`])
    expect((await terminal.exited).code).toBe(0)
    expect(terminal.text).toContain(`${short(at.image.layers[2]!.digest)}: Pull complete`)
    expect(terminal.text).toContain('\u001b[3A')
    expect(terminal.text).toContain('Status: Downloaded newer image')
  })
})

describe('several platforms under one name', () => {
  const digests: Record<string, string> = {}
  let index: string

  beforeAll(async () => {
    const manifests = []
    for (const [architecture, variant] of [
      ['arm64', 'v8'],
      ['amd64', undefined],
      ['arm', 'v7'],
    ] as const) {
      const made = await makeImage(join(at.folder, architecture), { layers: [{ architecture }], architecture })
      digests[architecture] = made.configDigest
      await skopeoPush(made.folder, `${at.registry.host}/multi:${architecture}`)
      const { stdout } = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${at.registry.host}/multi:${architecture}`])
      manifests.push({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: digestOf(stdout),
        size: stdout.length,
        platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
      })
    }
    const body = JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests })
    index = digestOf(body)
    const put = await fetch(`${at.registry.url}/v2/multi/manifests/latest`, {
      method: 'PUT',
      body,
      headers: { 'Content-Type': 'application/vnd.oci.image.index.v1+json' },
    })
    expect(put.status).toBe(201)
  })

  test('that of this machine, and the digest of the whole', async () => {
    const box = await newBox()
    expect(await box.ok('pull', `${at.proxy.host}/multi`)).toContain(`Digest: ${index}`)
    const own = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? ''
    expect(await box.ok('inspect', '--format', '{{.Id}} {{json .RepoDigests}}', `${at.proxy.host}/multi`)).toBe(
      `${digests[own]} ["${at.proxy.host}/multi@${index}"]`,
    )
    at.proxy.seen.length = 0
    expect(await box.ok('pull', `${at.proxy.host}/multi`)).toContain('up to date')
    expect(asked()).toEqual(['HEAD /v2/multi/manifests/latest'])
  })

  test.each([
    ['linux/arm64', 'arm64'],
    ['linux/arm/v7', 'arm'],
    ['arm', 'arm'],
    ['linux/amd64', 'amd64'],
  ])('--platform %s', async (platform, architecture) => {
    const box = await newBox()
    await box.ok('pull', '-q', '--platform', platform, `${at.proxy.host}/multi`)
    expect(await box.ok('inspect', '--format', '{{.Id}} {{.Architecture}}', `${at.proxy.host}/multi`)).toBe(`${digests[architecture]} ${architecture}`)
  })

  test('one that is not there', async () => {
    const box = await newBox()
    expect(await box.fails('pull', '--platform', 'linux/s390x', `${at.proxy.host}/multi`)).toMatch(
      /no matching manifest for linux\/s390x.*\nhint: it is there for: linux\/arm64\/v8, linux\/amd64, linux\/arm\/v7/,
    )
    expect(await box.fails('pull', '--platform', 'linux/arm64', `${name}:v1`)).toContain(
      'does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
    )
    expect(await box.images()).toEqual([])
  })
})

describe('what can not be had', () => {
  test.each([
    ['an unknown tag', () => `${name}:nope`, /manifest for 127\.0\.0\.1:\d+\/team\/app:nope not found: manifest unknown/],
    ['an unknown repository', () => `${at.proxy.host}/nope/nope:v1`, /127\.0\.0\.1:\d+\/nope\/nope.* not found/],
    ['an unknown digest', () => `${name}@sha256:${'0'.repeat(64)}`, /team\/app@sha256:0+ not found: manifest unknown/],
    ['nobody there', () => '127.0.0.1:1/team/app', /registry 127\.0\.0\.1:1 can't be reached \(repository team\/app\): connect ECONNREFUSED/],
    ['no such host', () => 'registry.invalid/team/app', /registry registry\.invalid can't be reached \(repository team\/app\): no such host/],
    ['a bad digest', () => `${name}@sha256:../../x`, /invalid reference format/],
  ])('%s', async (_, reference, message) => {
    const box = await newBox()
    at.proxy.seen.length = 0
    expect(await box.fails('pull', reference())).toMatch(message)
    expect(await box.images()).toEqual([])
    if (reference().includes('..')) expect(asked()).toEqual([])
  })
})

/** SECURITY: digests and media types (CVE-2021-41190, CVE-2024-3727). */
describe('digests and media types', () => {
  const manifest = (change: (document: Record<string, unknown>) => void) => {
    const document = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: at.image.configDigest, size: 300 } as Record<string, unknown>,
      layers: at.image.layers.map(({ digest, size }) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size })) as Record<
        string,
        unknown
      >[],
    }
    change(document as unknown as Record<string, unknown>)
    return JSON.stringify(document)
  }
  const answerWith = (body: string, type = 'application/vnd.oci.image.manifest.v1+json') =>
    at.proxy.rules.push({ match: /manifests/, fault: { kind: 'replace', body, headers: { 'Content-Type': type } } })
  const layers = (document: Record<string, unknown>) => document['layers'] as Record<string, unknown>[]

  test.each<[string, (document: Record<string, unknown>) => void, RegExp]>([
    ['a digest that is a path', (document) => (layers(document)[0]!['digest'] = 'sha256:../../../etc/passwd'), /is not a digest that lichen takes/],
    ['a digest of another algorithm', (document) => (layers(document)[0]!['digest'] = `md5:${'0'.repeat(32)}`), /is not a digest that lichen takes/],
    ['both layers and manifests', (document) => (document['manifests'] = []), /both layers and manifests/],
    ['a manifest that says that it is an index', (document) => (document['mediaType'] = 'application/vnd.oci.image.index.v1+json'), /announced as/],
    [
      'an artifact',
      (document) => ((document['config'] as Record<string, unknown>)['mediaType'] = 'application/vnd.cncf.helm.config.v1+json'),
      /no container image/,
    ],
    ['a foreign layer', (document) => (layers(document)[0]!['mediaType'] = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'), /foreign/],
    ['schema 1', (document) => (document['schemaVersion'] = 1), /schema 1/],
    ['a size that is none', (document) => (layers(document)[0]!['size'] = -1), /no number of bytes/],
  ])('%s: nothing is asked for', async (_, change, message) => {
    const box = await newBox()
    answerWith(manifest(change))
    expect(await box.fails('pull', `${name}:v1`)).toMatch(message)
    expect(asked().filter((line) => line.includes('/blobs/'))).toEqual([])
    expect(await box.images()).toEqual([])
  })

  test('a type in the header that is another than in the document', async () => {
    const box = await newBox()
    answerWith(
      manifest(() => {}),
      'application/vnd.docker.distribution.manifest.list.v2+json',
    )
    expect(await box.fails('pull', `${name}:v1`)).toContain('is announced as')
  })

  test('more than 4 MiB of manifest', async () => {
    const box = await newBox()
    answerWith(manifest((document) => (document['annotations'] = { x: 'x'.repeat(5 * 1024 * 1024) })))
    expect(await box.fails('pull', `${name}:v1`)).toMatch(/4194304/)
  })

  test('a manifest that does not fit its digest', async () => {
    const box = await newBox()
    answerWith(manifest((document) => (document['annotations'] = { changed: 'yes' })))
    expect(await box.fails('pull', `${name}@${at.image.manifestDigest}`)).toMatch(/gives one with the digest sha256:\w+ in place of/)
  })

  test('a flipped byte of a layer is never seen', async () => {
    const box = await newBox()
    at.proxy.rules.push({ match: new RegExp(`blobs/${at.image.layers[1]!.digest}`), fault: { kind: 'corrupt', at: 60 } })
    expect(await box.fails('pull', `${name}:v1`)).toMatch(new RegExp(`layer ${at.image.layers[1]!.digest} of .*team/app:v1`))
    expect(await box.images()).toEqual([])
    expect(await readdir(join(box.data, 'blobs/sha256'))).not.toContain(at.image.layers[1]!.digest.slice(7))
    expect((await readdir(join(box.data, 'layers')).catch(() => [])).map((layer) => `sha256:${layer}`)).not.toContain(at.image.layers[1]!.diffId)
    at.proxy.rules.length = 0
    await box.ok('pull', '-q', `${name}:v1`)
  })

  test('bytes behind a layer, and bytes that lack', async () => {
    for (const body of [Buffer.alloc(at.image.layers[1]!.size + 1), Buffer.alloc(at.image.layers[1]!.size - 1)]) {
      const box = await newBox()
      at.proxy.rules.push({ match: new RegExp(`blobs/${at.image.layers[1]!.digest}`), fault: { kind: 'replace', body } })
      await box.fails('pull', `${name}:v1`)
      expect(await box.images()).toEqual([])
    }
  })
})

/** SECURITY: control characters (CVE-2021-25743). */
test('control characters of a registry do not reach the terminal', async () => {
  const box = await newBox()
  const message = 'see \u001b]0;owned\u0007 and \u009b31m'
  at.proxy.rules.push({ match: /manifests/, fault: { kind: 'status', status: 404, body: JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message }] }) } })
  const stderr = await box.fails('pull', `${name}:v1`)
  expect(stderr).toContain('see \\x1b]0;owned\\x07 and \\x9b31m')
  expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
})

test('many at the same time: each blob comes once', async () => {
  const box = await newBox()
  const results = await Promise.all(Array.from({ length: 25 }, () => box.lichen('pull', '-q', `${name}:v1`)))
  expect(results.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(Array(25).fill('0'))
  const blobs = asked().filter((line) => line.includes('/blobs/'))
  expect(blobs.sort()).toEqual(
    [at.image.configDigest, ...at.image.layers.map(({ digest }) => digest)].map((digest) => `GET /v2/team/app/blobs/${digest}`).sort(),
  )
  expect(await readdir(join(box.data, 'tmp')).then((names) => names.filter((entry) => !entry.includes('lock')))).toEqual([])
})
