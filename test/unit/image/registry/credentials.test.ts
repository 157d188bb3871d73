import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { authFiles, changeAuthFile } from '../../../../lib/image/registry/auth-file.ts'
import { findCredentials } from '../../../../lib/image/registry/credentials.ts'

let folder = ''
const at = (name: string) => join(folder, name)
const auth = (user: string, password: string) => ({ auth: Buffer.from(`${user}:${password}`).toString('base64') })
const config = (content: unknown) => writeFile(at('config.json'), typeof content === 'string' ? content : JSON.stringify(content))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lichen-credentials-'))
  vi.stubEnv('DOCKER_CONFIG', folder)
  vi.stubEnv('REGISTRY_AUTH_FILE', '')
  vi.stubEnv('XDG_RUNTIME_DIR', at('run'))
  vi.stubEnv('HOME', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

describe('where credentials are found', () => {
  test('nowhere', async () => {
    expect(await findCredentials('r.example')).toBeUndefined()
  })

  test('in the order of the files', async () => {
    await mkdir(at('run/containers'), { recursive: true })
    await writeFile(at('run/containers/auth.json'), JSON.stringify({ auths: { 'r.example': auth('podman', 'p'), 'other.example': auth('other', 'o') } }))
    expect(await findCredentials('r.example')).toMatchObject({ username: 'podman' })
    await config({ auths: { 'r.example': auth('docker', 'p:with:colons') } })
    expect(await findCredentials('r.example')).toEqual({ kind: 'password', username: 'docker', password: 'p:with:colons' })
    expect(await findCredentials('other.example')).toMatchObject({ username: 'other' })
    vi.stubEnv('REGISTRY_AUTH_FILE', at('own.json'))
    expect(await findCredentials('r.example')).toBeUndefined()
    expect(await authFiles()).toEqual([at('own.json')])
  })

  test('Docker Hub under its old name', async () => {
    await config({ auths: { 'https://index.docker.io/v1/': auth('me', 'x') } })
    expect(await findCredentials('docker.io', 'library/busybox')).toMatchObject({ username: 'me' })
    expect(await findCredentials('index.docker.io.evil.example')).toBeUndefined()
  })

  test('keys as addresses', async () => {
    await config({ auths: { 'https://r.example:5000/v2/': auth('me', 'x') } })
    expect(await findCredentials('r.example:5000')).toMatchObject({ username: 'me' })
    expect(await findCredentials('r.example')).toBeUndefined()
  })

  test('the nearest entry of a repository', async () => {
    await config({ auths: { 'r.example': auth('all', 'x'), 'r.example/team': auth('team', 'x'), 'r.example/team/app': auth('app', 'x') } })
    expect(await findCredentials('r.example', 'team/app')).toMatchObject({ username: 'app' })
    expect(await findCredentials('r.example', 'team/else')).toMatchObject({ username: 'team' })
    expect(await findCredentials('r.example', 'teamwork/app')).toMatchObject({ username: 'all' })
  })

  test('an entry of a repository is nothing for the whole registry', async () => {
    await config({ auths: { 'r.example/team': auth('team', 'x') } })
    expect(await findCredentials('r.example', 'other/app')).toBeUndefined()
  })

  test('tokens', async () => {
    await config({ auths: { a: { identitytoken: 'refresh' }, b: { registrytoken: 'bearer' }, c: { username: 'u', password: 'p' }, d: {}, e: { auth: '!!!' } } })
    expect(await findCredentials('a')).toEqual({ kind: 'identity', token: 'refresh' })
    expect(await findCredentials('b')).toEqual({ kind: 'bearer', token: 'bearer' })
    expect(await findCredentials('c')).toEqual({ kind: 'password', username: 'u', password: 'p' })
    expect([await findCredentials('d'), await findCredentials('e')]).toEqual([undefined, undefined])
  })

  test.each(['[]', '{"auths": []}', '{"auths": {"x": 1}}', '{"credHelpers": {"x": 1}}', '{"credsStore": 1}'])('%s is told, with the path', async (text) => {
    await config(text)
    await expect(findCredentials('x')).rejects.toMatchObject({ code: 'BAD_AUTH_FILE', message: expect.stringContaining(at('config.json')) })
  })

  test('broken JSON is told without its content', async () => {
    await config('c2VjcmV0')
    const failure = findCredentials('x')
    await expect(failure).rejects.toMatchObject({ code: 'BROKEN_JSON', message: `${at('config.json')} is not valid JSON` })
    await expect(failure).rejects.not.toHaveProperty('cause')
  })
})

describe('helpers', () => {
  const helper = async (name: string, script: string) => {
    const path = at(`docker-credential-${name}`)
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  }

  test('are asked for the registry', async () => {
    await helper('ours', `read -r server; [ "$1" = get ] && printf '{"ServerURL":"%s","Username":"%s","Secret":"s3cret"}' "$server" "user-of-$server"`)
    await config({ credHelpers: { 'r.example': 'ours' }, auths: { 'r.example': auth('file', 'x') } })
    expect(await findCredentials('r.example')).toEqual({ kind: 'password', username: 'user-of-r.example', password: 's3cret' })
    await config({ credsStore: 'ours' })
    expect(await findCredentials('docker.io')).toMatchObject({ username: 'user-of-https://index.docker.io/v1/' })
  })

  test('may give a refresh token, or nothing', async () => {
    await helper('token', `printf '{"Username":"<token>","Secret":"refresh"}'`)
    await helper('none', `printf 'credentials not found in native keychain'; exit 1`)
    await config({ credHelpers: { a: 'token', b: 'none' }, auths: { b: auth('file', 'x') } })
    expect(await findCredentials('a')).toEqual({ kind: 'identity', token: 'refresh' })
    expect(await findCredentials('b')).toMatchObject({ username: 'file' })
  })

  test('fail with their own words, and without secrets', async () => {
    await helper('locked', `echo 'the keyring is locked'; exit 1`)
    await helper('odd', `echo 's3cret'`)
    await config({ credHelpers: { a: 'locked', b: 'odd', c: 'missing', d: '../../bin/sh' } })
    await expect(findCredentials('a')).rejects.toMatchObject({ code: 'CREDENTIAL_HELPER', message: 'docker-credential-locked get: the keyring is locked' })
    await expect(findCredentials('b')).rejects.toMatchObject({ code: 'CREDENTIAL_HELPER', message: expect.not.stringContaining('s3cret') })
    await expect(findCredentials('c')).rejects.toMatchObject({ message: expect.stringContaining('docker-credential-missing is not installed') })
    await expect(findCredentials('d')).rejects.toMatchObject({ message: expect.stringContaining('no name of a helper') })
  })
})

describe('changes of the file', () => {
  test('keep what is there, and close it to others', async () => {
    await config({ auths: { a: auth('a', 'x') }, HttpHeaders: { 'X-Meta': '1' } })
    await chmod(at('config.json'), 0o644)
    await changeAuthFile(at('config.json'), (content) => ({ ...content, auths: { ...content.auths, b: auth('b', 'y') } }))
    const written = JSON.parse(await readFile(at('config.json'), 'utf8')) as Record<string, unknown>
    expect(written).toEqual({ auths: { a: auth('a', 'x'), b: auth('b', 'y') }, HttpHeaders: { 'X-Meta': '1' } })
    expect((await stat(at('config.json'))).mode & 0o777).toBe(0o600)
  })

  test('of two at the same time are both there', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        changeAuthFile(at('new/config.json'), (content) => ({ ...content, auths: { ...content.auths, [`r${n}`]: auth('u', `${n}`) } })),
      ),
    )
    const written = JSON.parse(await readFile(at('new/config.json'), 'utf8')) as { auths: object }
    expect(Object.keys(written.auths)).toHaveLength(10)
  })

  test('go through a symbolic link', async () => {
    await writeFile(at('real.json'), '{"auths":{}}')
    await symlink(at('real.json'), at('link.json'))
    await changeAuthFile(at('link.json'), (content) => ({ ...content, credsStore: 'x' }))
    expect(JSON.parse(await readFile(at('real.json'), 'utf8'))).toMatchObject({ credsStore: 'x' })
  })

  test('leave a broken file alone', async () => {
    await config('{')
    await expect(changeAuthFile(at('config.json'), (content) => content)).rejects.toMatchObject({ code: 'BROKEN_JSON' })
    expect(await readFile(at('config.json'), 'utf8')).toBe('{')
  })
})
