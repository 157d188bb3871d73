import { debug } from '../../system/log.ts'
import { type AuthEntry, type AuthFile, authFiles, readAuthFile } from './auth-file.ts'
import { helperGet } from './credential-helper.ts'

export type Credentials =
  | { kind: 'password'; username: string; password: string }
  /** For a token server only: it gives access tokens for it (OAuth2 refresh token). */
  | { kind: 'identity'; token: string }
  /** Goes to the registry as it is. */
  | { kind: 'bearer'; token: string }

/** Under which config.json keeps Docker Hub. */
const HUB_KEY = 'https://index.docker.io/v1/'

/** What this user has for a registry; `repository` finds entries that are meant for a part of it. Throws BAD_AUTH_FILE, BROKEN_JSON, CREDENTIAL_HELPER. */
export async function findCredentials(registry: string, repository = ''): Promise<Credentials | undefined> {
  for (const path of await authFiles()) {
    const file = await readAuthFile(path)
    const found = file === undefined ? undefined : await inFile(file, registry, repository)
    if (found === undefined) continue
    debug(() => `credentials for ${registry} from ${path}`)
    return found
  }
  return undefined
}

async function inFile(file: AuthFile, registry: string, repository: string): Promise<Credentials | undefined> {
  const helper = helperFor(file, registry)
  if (helper !== undefined) {
    const answer = await helperGet(helper, serverKey(registry))
    if (answer !== undefined) {
      return answer.username === '<token>'
        ? { kind: 'identity', token: answer.secret }
        : { kind: 'password', username: answer.username, password: answer.secret }
    }
  }
  const entry = findEntry(file, registry, repository)
  return entry === undefined ? undefined : fromEntry(entry)
}

/** The helper of a registry, else the one for all. */
export function helperFor(file: AuthFile, registry: string): string | undefined {
  const own = Object.entries(file.credHelpers ?? {}).find(([key]) => keyHost(key) === registry)?.[1]
  return own ?? (file.credsStore || undefined)
}

/** As Docker names a registry in config.json and to helpers. */
export const serverKey = (registry: string): string => (registry === 'docker.io' ? HUB_KEY : registry)

/** Keys of `auths` that mean this registry as a whole. */
export const entryKeys = (file: AuthFile, registry: string): string[] => Object.keys(file.auths ?? {}).filter((key) => keyHost(key) === registry)

/** The nearest entry: `host/team/app`, `host/team`, `host`. */
function findEntry(file: AuthFile, registry: string, repository: string): AuthEntry | undefined {
  const auths = file.auths ?? {}
  const parts = repository.split('/')
  for (let length = parts.length; length > 0; length--) {
    const key = `${registry}/${parts.slice(0, length).join('/')}`
    if (Object.hasOwn(auths, key)) return auths[key]
  }
  const exact = auths[serverKey(registry)]
  if (exact !== undefined) return exact
  const key = entryKeys(file, registry)[0]
  return key === undefined ? undefined : auths[key]
}

/** `https://index.docker.io/v1/` -> `docker.io`, `https://r.example:5000/v2/` -> `r.example:5000`; "" for what names a repository. */
function keyHost(key: string): string {
  const plain = key.replace(/^https?:\/\//, '')
  const [host = '', ...path] = plain.split('/')
  const whole = plain !== key || path.every((part) => part === '' || part === 'v1' || part === 'v2')
  if (!whole) return ''
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host
}

function fromEntry(entry: AuthEntry): Credentials | undefined {
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') return { kind: 'identity', token: entry.identitytoken }
  if (typeof entry.registrytoken === 'string' && entry.registrytoken !== '') return { kind: 'bearer', token: entry.registrytoken }
  if (typeof entry.auth === 'string' && entry.auth !== '') {
    // Old tools end it with NULs.
    const words = Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '')
    const colon = words.indexOf(':')
    if (colon > 0) return { kind: 'password', username: words.slice(0, colon), password: words.slice(colon + 1) }
  }
  if (typeof entry.username === 'string' && typeof entry.password === 'string' && entry.username !== '') {
    return { kind: 'password', username: entry.username, password: entry.password }
  }
  return undefined
}
