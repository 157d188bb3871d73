import { readdir, readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import { LichenError } from '../../system/errors.ts'

/** What a connection to one host is made with. */
export interface Certificates {
  /** PEM; all that is trusted. */
  ca: string[]
  /** PEM of the client's own, each with its key. */
  cert: string[]
  key: string[]
}

/** Where distributions keep what the administrator trusts: Debian, Fedora, openSUSE, Alpine. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/** Folders that may hold a folder `HOST[:PORT]` of certificates. */
export const certificateFolders = (home: string): string[] =>
  ['/etc/docker', '/etc/containers', `${home}/.config/docker`, `${home}/.config/containers`].map((folder) => `${folder}/certs.d`)

/**
 * The machine's certificates, and what lies in certs.d for the host: `*.crt` are authorities, `NAME.cert` and `NAME.key`
 * the client's own. Throws BAD_CERTIFICATES.
 */
export async function certificatesFor(host: string, folders: readonly string[], { authorities }: { authorities: boolean }): Promise<Certificates> {
  // Reading and parsing the machine's takes 20 ms.
  const [system, ...own] = await Promise.all([authorities ? systemCertificates() : [], ...folders.map((folder) => fromFolder(`${folder}/${host}`))])
  return { ca: [...system, ...own.flatMap(({ ca }) => ca)], cert: own.flatMap(({ cert }) => cert), key: own.flatMap(({ key }) => key) }
}

async function systemCertificates(): Promise<string[]> {
  const named = process.env['SSL_CERT_FILE']
  for (const path of named === undefined || named === '' ? SYSTEM_BUNDLES : [named]) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text?.includes('-----BEGIN')) return [text]
  }
  return [...rootCertificates]
}

async function fromFolder(folder: string): Promise<Certificates> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw unreadable(folder, error)
  })
  const read = (name: string) =>
    readFile(`${folder}/${name}`, 'utf8').catch((error: unknown) => {
      throw unreadable(`${folder}/${name}`, error)
    })
  const ending = (suffix: string) => names.filter((name) => name.endsWith(suffix)).sort()
  const pairs = ending('.cert').map((name) => ({ cert: name, key: name.replace(/cert$/, 'key') }))
  for (const { cert, key } of pairs) {
    if (!names.includes(key))
      throw new LichenError(`${folder}/${cert} has no ${key} beside it`, { code: 'BAD_CERTIFICATES', hint: 'a client certificate needs its key' })
  }
  const all = (list: string[]) => Promise.all(list.map(read))
  const [ca, cert, key] = await Promise.all([all(ending('.crt')), all(pairs.map((pair) => pair.cert)), all(pairs.map((pair) => pair.key))])
  return { ca, cert, key }
}

function unreadable(path: string, error: unknown): LichenError {
  return new LichenError(`${path} can't be read: ${(error as Error).message}`, { code: 'BAD_CERTIFICATES', cause: error })
}
