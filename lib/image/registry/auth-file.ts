import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LichenError } from '../../system/errors.ts'
import { readJson, writeFileAtomic } from '../../system/files.ts'
import { homeFolder } from '../../system/home.ts'
import { withLock } from '../../system/lock.ts'

/** The parts of ~/.docker/config.json that lichen reads; everything else in it is kept as it is. */
export interface AuthFile {
  auths?: Record<string, AuthEntry>
  credsStore?: string
  credHelpers?: Record<string, string>
  [other: string]: unknown
}

export interface AuthEntry {
  /** Base64 of user:password. */
  auth?: string
  username?: string
  password?: string
  identitytoken?: string
  registrytoken?: string
  [other: string]: unknown
}

/** Where credentials are looked for, in this order; `lichen login` writes the first. */
export async function authFiles(): Promise<string[]> {
  const { REGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR } = process.env
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE]
  const home = homeFolder()
  const docker = `${DOCKER_CONFIG || `${home}/.docker`}/config.json`
  return [docker, ...(XDG_RUNTIME_DIR ? [`${XDG_RUNTIME_DIR}/containers/auth.json`] : []), `${home}/.config/containers/auth.json`]
}

/** Undefined where there is none. Throws BROKEN_JSON, BAD_AUTH_FILE. */
export async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  const content: unknown = await readJson(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined
    // Not with the parser's words, which quote a piece of the file.
    if (error.code === 'BROKEN_JSON')
      throw new LichenError(`${path} is not valid JSON`, { code: 'BROKEN_JSON', hint: 'mend it, or move it away and log in again' })
    if (error.code === 'EACCES') throw new LichenError(`${path} can't be read: permission denied`, { code: 'BAD_AUTH_FILE', cause: error })
    throw error
  })
  if (content === undefined) return undefined
  const bad = (what: string) => new LichenError(`${path}: ${what}`, { code: 'BAD_AUTH_FILE', hint: 'mend it, or move it away and log in again' })
  if (!isObject(content)) throw bad('it must hold a JSON object')
  const { auths, credHelpers, credsStore } = content
  if (auths !== undefined && !(isObject(auths) && Object.values(auths).every(isObject))) throw bad('"auths" must be an object of objects')
  if (credHelpers !== undefined && !(isObject(credHelpers) && Object.values(credHelpers).every(isString)))
    throw bad('"credHelpers" must be an object of strings')
  if (credsStore !== undefined && !isString(credsStore)) throw bad('"credsStore" must be a string')
  return content as AuthFile
}

/**
 * Changes a file under a lock of its own and by rename, so that two logins don't lose each other's. A symbolic link stays
 * one: what it points to is replaced. The file is 0600 afterwards.
 */
export async function changeAuthFile(path: string, change: (content: AuthFile) => AuthFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await withLock(`${path}.lock`, 'exclusive', async () => {
    const target = await realpath(path).catch(() => path)
    const content = (await readAuthFile(target)) ?? {}
    await writeFileAtomic(target, `${JSON.stringify(change(content), null, '\t')}\n`, { fsync: true, mode: 0o600 })
  })
}

/** Whether others than its owner can read a file. */
export const isOpenToOthers = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ mode }) => (mode & 0o077) !== 0,
    () => false,
  )

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isString = (value: unknown): value is string => typeof value === 'string'
