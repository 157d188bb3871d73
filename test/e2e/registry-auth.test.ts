import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeAuthority } from '../helpers/authority.ts'
import { type BlobHost, startBlobHost } from '../helpers/blob-host.ts'
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts'
import { type MadeImage, makeImage } from '../helpers/oci-image.ts'
import { type Registry, skopeoInspect, skopeoPush, startRegistry } from '../helpers/registry.ts'
import { type RegistryBox, useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFolder } from '../helpers/registry-setup.ts'
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts'

const newBox = useRegistryBoxes()
const folder = useFolder('auth')
const basic = `Basic ${Buffer.from('tester:secret').toString('base64')}`
const credentials = 'tester:secret'
let image: MadeImage

beforeAll(async () => {
  image = await makeImage(join(folder.path, 'image'), { layers: [{ one: '1' }, { two: '2' }] })
})

const logIn = (box: RegistryBox, host: string, password = 'secret') =>
  box.start(['login', '--username', 'tester', '--password-stdin', host], { input: `${password}\n` }).exited
const auths = (host: string) => ({ auths: { [host]: { auth: Buffer.from(credentials).toString('base64') } } })

describe('a registry with passwords', () => {
  let registry: Registry

  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: true })
    await skopeoPush(image.folder, `${registry.host}/private:v1`, { credentials })
  })
  afterAll(() => registry.stop())

  test('nothing without one', async () => {
    const box = await newBox()
    const stderr = await box.fails('pull', `${registry.host}/private:v1`)
    expect(stderr).toContain(
      `pull access denied for ${registry.host}/private, repository does not exist or may require 'lichen login': unauthorized: authentication required`,
    )
    expect(stderr).toContain(`hint: lichen login ${registry.host}\n`)
  })

  test('login, pull, push, logout', async () => {
    const box = await newBox()
    await box.write('.docker/config.json', { HttpHeaders: { 'X-Kept': 'yes' }, auths: { 'other.example': { auth: 'b3RoZXI6eA==' } } }, 0o644)
    expect(await logIn(box, registry.host)).toMatchObject({ code: 0, stdout: 'Login Succeeded\n', stderr: expect.stringContaining('stored unencrypted') })
    const path = join(box.home, '.docker/config.json')
    const read = async () => JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
    expect(await read()).toEqual({ HttpHeaders: { 'X-Kept': 'yes' }, auths: { 'other.example': { auth: 'b3RoZXI6eA==' }, ...auths(registry.host).auths } })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await box.ok('pull', '-q', `${registry.host}/private:v1`)
    await box.ok('tag', `${registry.host}/private:v1`, `${registry.host}/private:v2`)
    await box.ok('push', `${registry.host}/private:v2`)
    expect((await skopeoInspect(`${registry.host}/private:v2`, { credentials })).digest).toBe(image.manifestDigest)
    expect(await box.ok('logout', registry.host)).toBe(`Removing login credentials for ${registry.host}`)
    expect(await read()).toEqual({ HttpHeaders: { 'X-Kept': 'yes' }, auths: { 'other.example': { auth: 'b3RoZXI6eA==' } } })
    expect(await box.ok('logout', registry.host)).toBe(`Not logged in to ${registry.host}`)
    await box.fails('pull', `${registry.host}/private:v1`)
  })

  test('a wrong password is told, and not kept', async () => {
    const box = await newBox()
    const { code, stderr } = await logIn(box, registry.host, 'wrong')
    expect([code, stderr]).toEqual([125, expect.stringContaining(`Error: login to ${registry.host} denied: unauthorized: authentication required`)])
    await expect(stat(join(box.home, '.docker/config.json'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(stderr).not.toContain('wrong')
  })

  test('the ways of giving a password', async () => {
    const box = await newBox()
    expect(await box.lichen('login', '-u', 'tester', '-p', 'secret', registry.host)).toMatchObject({ code: 0, stderr: expect.stringContaining('insecure') })
    expect(await box.lichen('login', '-u', 'tester', registry.host)).toMatchObject({ code: 1, stderr: expect.stringContaining('non TTY') })
    expect(await box.lichen('login', '--password-stdin', registry.host)).toMatchObject({ code: 1, stderr: expect.stringContaining('requires --username') })
    expect(await box.lichen('login', '-u', 'x', '-p', 'y', '--password-stdin', registry.host)).toMatchObject({ code: 1 })
    const terminal = box.terminal(['login', registry.host])
    await terminal.shows('Username (tester): ')
    terminal.type('\r')
    await terminal.shows('Password: ')
    terminal.type('secret\r')
    expect((await terminal.exited).code).toBe(0)
    expect(terminal.text).toContain('Login Succeeded')
    expect(terminal.text).not.toContain('secret')
  })

  test('a credential helper', async () => {
    const box = await newBox()
    const store = join(box.home, 'store')
    const helper = await box.write(
      'bin/docker-credential-box',
      `#!/bin/sh\ncase $1 in\nstore) cat > '${store}' ;;\nget) cat '${store}' 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;\nerase) rm '${store}' ;;\nesac\n`,
      0o700,
    )
    await box.write('.docker/config.json', { credsStore: 'box' })
    const env = { PATH: `${helper.replace(/\/[^/]*$/, '')}:${box.env['PATH']}` }
    const result = await box.start(['login', '-u', 'tester', '--password-stdin', registry.host], { input: 'secret', env }).exited
    expect(result).toMatchObject({ code: 0, stdout: 'Login Succeeded\n', stderr: '' })
    expect(JSON.parse(await readFile(store, 'utf8'))).toEqual({ ServerURL: registry.host, Username: 'tester', Secret: 'secret' })
    expect(await readFile(join(box.home, '.docker/config.json'), 'utf8')).not.toContain('c2VjcmV0')
    expect(await box.with(env, 'pull', '-q', `${registry.host}/private:v1`)).toMatchObject({ code: 0 })
    expect(await box.with(env, 'logout', registry.host)).toMatchObject({ code: 0 })
    expect(await box.with(env, 'pull', '-q', `${registry.host}/private:v1`)).toMatchObject({ code: 125 })
  })

  test.each([
    ['DOCKER_CONFIG', 'elsewhere/config.json', (box: RegistryBox) => ({ DOCKER_CONFIG: join(box.home, 'elsewhere') })],
    ['REGISTRY_AUTH_FILE', 'own.json', (box: RegistryBox) => ({ REGISTRY_AUTH_FILE: join(box.home, 'own.json') })],
    ['XDG_RUNTIME_DIR', '../../run/containers/auth.json', () => ({})],
  ])('credentials by %s', async (_, path, env) => {
    const box = await newBox()
    await box.write(path, auths(registry.host))
    expect(await box.with(env(box), 'pull', '-q', `${registry.host}/private:v1`)).toMatchObject({ code: 0 })
  })
})

describe('a registry with tokens', () => {
  let tokens: TokenServer
  let registry: Registry
  let proxy: FaultProxy

  beforeAll(async () => {
    const authority = await makeAuthority(join(folder.path, 'tokens'))
    tokens = await startTokenServer(authority)
    registry = await startRegistry({ token: { realm: tokens.realm, certificate: authority.cert } })
    proxy = await startFaultProxy(registry.host)
    for (const name of ['public/app', 'private/app']) await skopeoPush(image.folder, `${registry.host}/${name}:v1`, { credentials })
  })
  afterAll(async () => {
    await Promise.all([tokens.stop(), registry.stop(), proxy.stop()])
  })
  beforeEach(() => {
    tokens.asked.length = 0
    proxy.seen.length = 0
  })

  test('what is public needs a token of nobody, and one', async () => {
    const box = await newBox()
    await box.ok('pull', '-q', `${proxy.host}/public/app:v1`)
    expect(tokens.asked.map(({ method, authorization, scopes }) => ({ method, authorization, scopes }))).toEqual([
      { method: 'GET', authorization: undefined, scopes: ['repository:public/app:pull'] },
    ])
    // The first question goes without: a registry says itself what it wants.
    expect(proxy.seen.map(({ headers }) => headers.authorization?.split(' ')[0])).toEqual([undefined, ...Array<string>(proxy.seen.length - 1).fill('Bearer')])
  })

  test('what is private', async () => {
    const box = await newBox()
    expect(await box.fails('pull', `${proxy.host}/private/app:v1`)).toMatch(
      /pull access denied for .*private\/app, repository does not exist or may require 'lichen login'/,
    )
    expect((await logIn(box, proxy.host, 'wrong')).stderr).toContain('incorrect username or password')
    expect((await logIn(box, proxy.host)).code).toBe(0)
    await box.ok('pull', '-q', `${proxy.host}/private/app:v1`)
    expect(tokens.asked.at(-1)).toMatchObject({ authorization: basic, scopes: ['repository:private/app:pull'] })
    expect(proxy.seen.filter(({ headers }) => headers.authorization?.startsWith('Basic'))).toEqual([])
  })

  test('push asks for more', async () => {
    const box = await newBox()
    await box.write('.docker/config.json', auths(proxy.host))
    await box.ok('pull', '-q', `${proxy.host}/public/app:v1`)
    await box.ok('tag', `${proxy.host}/public/app:v1`, `${proxy.host}/private/copy:v1`)
    tokens.asked.length = 0
    expect(await box.ok('push', `${proxy.host}/private/copy:v1`)).toContain('Mounted from public/app')
    expect(tokens.asked.map(({ scopes }) => scopes)).toEqual([['repository:private/copy:pull,push', 'repository:public/app:pull']])
  })

  test('a refresh token', async () => {
    const box = await newBox()
    await box.write('.docker/config.json', { auths: { [proxy.host]: { identitytoken: 'identity' } } })
    await box.ok('pull', '-q', `${proxy.host}/private/app:v1`)
    expect(tokens.asked).toMatchObject([{ method: 'POST', authorization: undefined, form: { grant_type: 'refresh_token', service: 'tests' } }])
  })

  test('a token that has run out on the way is replaced', async () => {
    const box = await newBox()
    const challenge = `Bearer realm="${tokens.realm}",service="tests"`
    proxy.rules.push({ match: /blobs/, fault: { kind: 'status', status: 401, headers: { 'WWW-Authenticate': challenge } }, times: 1 })
    await box.ok('pull', '-q', `${proxy.host}/public/app:v1`)
    expect(tokens.asked).toHaveLength(2)
    proxy.rules.length = 0
  })
})

/** SECURITY: credentials (CVE-2019-10214, CVE-2020-15157, CVE-2021-41092, CVE-2026-33540). */
describe('credentials', () => {
  let registry: Registry
  let front: FaultProxy
  let blobs: BlobHost

  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: true })
    await skopeoPush(image.folder, `${registry.host}/private:v1`, { credentials })
    blobs = await startBlobHost(registry.host, basic)
    front = await startFaultProxy(registry.host)
    front.rules.push({ match: /^GET .*\/blobs\//, fault: { kind: 'redirect', to: `http://${blobs.host}` } })
  })
  afterAll(async () => {
    await Promise.all([registry.stop(), front.stop(), blobs.stop()])
  })

  test('do not follow to the host that blobs are redirected to', async () => {
    const box = await newBox()
    await box.write('.docker/config.json', auths(front.host))
    await box.ok('pull', '-q', `${front.host}/private:v1`)
    expect(blobs.seen.length).toBe(3)
    expect(blobs.seen.filter(({ headers }) => headers.authorization !== undefined || headers.cookie !== undefined)).toEqual([])
    expect(front.seen.some(({ headers }) => headers.authorization === basic)).toBe(true)
  })

  test('do not go to a mirror, nor do those of a mirror go to the registry', async () => {
    const mirror = await startFaultProxy(registry.host)
    try {
      const box = await newBox()
      await box.configure({ 'registry-mirrors': [mirror.url] })
      await box.write('.docker/config.json', auths('https://index.docker.io/v1/'))
      await box.fails('pull', 'private/app')
      expect(mirror.seen.length).toBeGreaterThan(0)
      expect(mirror.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
    } finally {
      await mirror.stop()
    }
  })

  test('do not go to a token server that is not behind https', async () => {
    const box = await newBox()
    const greedy = await startFaultProxy(registry.host)
    greedy.rules.push({
      match: /./,
      fault: { kind: 'status', status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="http://auth.example/token",service="x"' } },
    })
    try {
      await box.write('.docker/config.json', auths(greedy.host))
      expect(await box.fails('pull', `${greedy.host}/private:v1`)).toMatch(
        /names "http:\/\/auth\.example\/token" as its token server, which is not behind https\nhint: nothing was sent there/,
      )
    } finally {
      await greedy.stop()
    }
  })
})
