import { readFile } from 'node:fs/promises'
import { createServer as createHttp } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Authority, makeAuthority } from '../helpers/authority.ts'
import { type MadeImage, makeImage } from '../helpers/oci-image.ts'
import { type Registry, skopeoPush, startRegistry } from '../helpers/registry.ts'
import { type RegistryBox, useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFolder } from '../helpers/registry-setup.ts'
import { closeServer } from '../helpers/token-server.ts'

const newBox = useRegistryBoxes()
const folder = useFolder('tls')
let authority: Authority
let registry: Registry
let strict: Registry
let image: MadeImage
/** A name that stands for 127.0.0.1 and is not taken for this machine by lichen. */
let outside: (host: string) => string

beforeAll(async () => {
  authority = await makeAuthority(join(folder.path, 'authority'))
  ;[registry, strict] = await Promise.all([startRegistry({ tls: authority }), startRegistry({ tls: authority, clientCertificates: true })])
  image = await makeImage(join(folder.path, 'image'), { layers: [{ one: '1' }] })
  await skopeoPush(image.folder, `${registry.host}/app:v1`)
  await skopeoPush(image.folder, `${strict.host}/app:v1`, { args: [`--dest-cert-dir=${await certificateFolder()}`] })
  outside = (host) => host.replace('127.0.0.1', 'registry.test')
})
afterAll(async () => {
  await Promise.all([registry?.stop(), strict?.stop()])
})

async function certificateFolder(): Promise<string> {
  const { mkdir, copyFile } = await import('node:fs/promises')
  const path = join(folder.path, 'certs')
  await mkdir(path, { recursive: true })
  await copyFile(authority.clientCert, join(path, 'client.cert'))
  await copyFile(authority.clientKey, join(path, 'client.key'))
  return path
}

/** A proxy for CONNECT: the only way to a name that no DNS knows. */
async function startConnectProxy() {
  const seen: { target: string; authorization: string | undefined }[] = []
  const server = createHttp((_, response) => void response.writeHead(400).end())
  server.on('connect', (request, socket, head) => {
    seen.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] })
    const port = Number(request.url?.split(':')[1])
    if (!request.url?.startsWith('registry.test:')) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    for (const end of [upstream, socket]) end.on('error', () => void [upstream.destroy(), socket.destroy()])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, stop: () => closeServer(server) }
}

async function trust(box: RegistryBox, host: string): Promise<void> {
  await box.write(`.config/docker/certs.d/${host}/ca.crt`, await readFile(authority.ca, 'utf8'))
}

test('this machine is trusted without certificates, as in Docker', async () => {
  const box = await newBox()
  await box.ok('pull', '-q', `${registry.host}/app:v1`)
  expect(await box.ok('inspect', '--format', '{{.Id}}', `${registry.host}/app:v1`)).toBe(image.configDigest)
})

test('a client certificate from certs.d', async () => {
  const box = await newBox()
  expect(await box.fails('pull', `${strict.host}/app:v1`)).toMatch(
    /no secure connection to registry 127\.0\.0\.1:\d+ \(repository app\): it asks for a client certificate/,
  )
  const place = `.config/containers/certs.d/${strict.host}`
  await box.write(`${place}/client.cert`, await readFile(authority.clientCert, 'utf8'))
  expect(await box.fails('pull', `${strict.host}/app:v1`)).toMatch(/client\.cert has no client\.key beside it/)
  await box.write(`${place}/client.key`, await readFile(authority.clientKey, 'utf8'))
  await box.ok('pull', '-q', `${strict.host}/app:v1`)
})

describe('elsewhere', () => {
  let proxy: Awaited<ReturnType<typeof startConnectProxy>>
  let name: string
  const pull = (box: RegistryBox, env = {}) => box.with({ HTTPS_PROXY: proxy.url.replace('//', '//me:p%40ss@'), ...env }, 'pull', '-q', name)

  beforeAll(async () => {
    proxy = await startConnectProxy()
    name = `${outside(registry.host)}/app:v1`
  })
  afterAll(() => proxy.stop())

  test('an unknown authority is refused, with the remedy', async () => {
    const box = await newBox()
    const { code, stderr } = await pull(box)
    expect(code).toBe(125)
    expect(stderr).toMatch(
      /^Error: no secure connection to registry registry\.test:\d+ \(repository app\): unable to verify the first certificate\nhint: trust its authority: put the certificate into ~\/\.config\/docker\/certs\.d\/registry\.test:\d+\/ca\.crt\n/,
    )
  })

  test('certs.d makes it known, and the proxy is asked', async () => {
    const box = await newBox()
    await trust(box, outside(registry.host))
    proxy.seen.length = 0
    expect(await pull(box)).toMatchObject({ code: 0, stderr: '' })
    expect(new Set(proxy.seen.map(({ target }) => target))).toEqual(new Set([outside(registry.host)]))
    expect(proxy.seen[0]!.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
  })

  test('insecure-registries does without', async () => {
    const box = await newBox()
    await box.configure({ 'insecure-registries': [outside(registry.host)] })
    expect(await pull(box)).toMatchObject({ code: 0, stderr: '' })
  })

  test("SSL_CERT_FILE takes the place of the machine's", async () => {
    const box = await newBox()
    expect(await pull(box, { SSL_CERT_FILE: await box.write('ca.pem', await readFile(authority.ca, 'utf8')) })).toMatchObject({ code: 0 })
  })

  test('NO_PROXY goes around it', async () => {
    const box = await newBox()
    proxy.seen.length = 0
    expect(await pull(box, { NO_PROXY: '.test' })).toMatchObject({ code: 125, stderr: expect.stringContaining('no such host') })
    expect(proxy.seen).toEqual([])
  })

  test('a proxy that refuses, and one that is not there, are told', async () => {
    const box = await newBox()
    expect(await box.with({ HTTPS_PROXY: proxy.url }, 'pull', 'other.test/app')).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/the proxy 127\.0\.0\.1:\d+ refuses: 403 Forbidden/),
    })
    expect(await box.with({ HTTPS_PROXY: 'http://127.0.0.1:1' }, 'pull', 'other.test/app')).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/the proxy 127\.0\.0\.1:1: connect ECONNREFUSED/),
    })
  })
})
