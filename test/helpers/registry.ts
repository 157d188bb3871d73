import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Authority } from './authority.ts'
import { must } from './run.ts'

export interface RegistryOptions {
  /** User "tester" with the password "secret". */
  htpasswd?: boolean
  /** Bearer tokens of a token server; `certificate` is what it signs with (PEM file). */
  token?: { realm: string; certificate: string }
  tls?: Authority
  /** Clients must show a certificate of the authority. */
  clientCertificates?: boolean
  /** A mirror (pull-through cache) of this registry. */
  mirrorOf?: string
}

export interface Registry {
  /** `127.0.0.1:41234` */
  host: string
  url: string
  /** What it has logged so far. */
  log(): string
  stop(): Promise<void>
}

const PROGRAM = '/usr/bin/docker-registry'

// bcrypt of "secret"; Debian has no small tool that makes one.
const HTPASSWD = 'tester:$2b$04$1Rb9m8tieGEkzPam9t8rr.Cl3tUMrMlrW0XiOkjsJ5rmt0WkzxMy2\n'

/** Debian's docker-registry on a free port of loopback, with a storage of its own. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  if (!existsSync(PROGRAM)) throw new Error('docker-registry is not installed: sudo apt-get install docker-registry')
  const folder = await mkdtemp(join(tmpdir(), 'lichen-registry-'))
  await mkdir(join(folder, 'data'))
  await writeFile(join(folder, 'htpasswd'), HTPASSWD)
  const config = {
    version: '0.1',
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', ...(options.tls === undefined ? {} : { tls: tlsSection(options.tls, options.clientCertificates === true) }) },
    ...authSection(options, folder),
    ...(options.mirrorOf === undefined ? {} : { proxy: { remoteurl: options.mirrorOf } }),
  }
  // YAML reads JSON.
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config))
  const child = spawn(PROGRAM, ['serve', join(folder, 'config.yml')], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const port = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`docker-registry does not start:\n${log}`)), 20_000)
    const read = (bytes: Buffer) => {
      log += bytes.toString()
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('close', () => reject(new Error(`docker-registry has ended:\n${log}`)))
  })
  const host = `127.0.0.1:${port}`
  return {
    host,
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}`,
    log: () => log,
    async stop() {
      child.kill('SIGKILL')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function tlsSection({ cert, key, ca }: Authority, clientCertificates: boolean) {
  return { certificate: cert, key, ...(clientCertificates ? { clientcas: [ca] } : {}) }
}

function authSection({ htpasswd, token }: RegistryOptions, folder: string) {
  if (htpasswd) return { auth: { htpasswd: { realm: 'tests', path: join(folder, 'htpasswd') } } }
  if (token) return { auth: { token: { realm: token.realm, service: 'tests', issuer: 'tests', rootcertbundle: token.certificate } } }
  return {}
}

/** Brings an image of an OCI layout to a registry, with another program than the one under test. */
export async function skopeoPush(layout: string, target: string, options: { credentials?: string; args?: string[] } = {}): Promise<void> {
  const { credentials, args = [] } = options
  await must('skopeo', [
    'copy',
    '--dest-tls-verify=false',
    ...(credentials === undefined ? [] : [`--dest-creds=${credentials}`]),
    '--preserve-digests',
    ...args,
    `oci:${layout}`,
    `docker://${target}`,
  ])
}

export interface Inspected {
  digest: string
  mediaType: string
  layers: string[]
}

/** What skopeo finds under a name. */
export async function skopeoInspect(target: string, options: { credentials?: string } = {}): Promise<Inspected> {
  const { credentials } = options
  const flags = ['--tls-verify=false', ...(credentials === undefined ? [] : [`--creds=${credentials}`])]
  const { stdout: raw } = await must('skopeo', ['inspect', '--raw', ...flags, `docker://${target}`])
  const { digestOf } = await import('./oci-image.ts')
  const manifest = JSON.parse(raw) as { mediaType: string; layers?: { digest: string }[] }
  return { digest: digestOf(raw), mediaType: manifest.mediaType, layers: (manifest.layers ?? []).map(({ digest }) => digest) }
}
