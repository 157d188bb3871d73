import type { Context } from '../../system/context.ts'
import { LichenError } from '../../system/errors.ts'
import { parseReference } from '../reference.ts'
import { type AuthFile, authFiles, changeAuthFile, readAuthFile } from './auth-file.ts'
import { authoriser } from './authoriser.ts'
import { userTransport } from './connect.ts'
import { helperErase, helperStore } from './credential-helper.ts'
import { entryKeys, findCredentials, helperFor, serverKey } from './credentials.ts'
import { ownEndpoints } from './endpoints.ts'
import { readComplaints } from './explain.ts'
import { withEndpoints } from './next-endpoint.ts'
import { openSession } from './session.ts'

export interface Login {
  username: string
  password: string
}

/** What a user calls a registry: `https://index.docker.io/v1/`, `localhost:5000`. Throws BAD_REFERENCE. */
export function registryName(text: string): string {
  const host = text.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  if (['', 'docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host)) return 'docker.io'
  try {
    // A word without dot and port would be read as part of a repository's name.
    return /[.:]|^localhost$/.test(host) ? parseReference(`${host}/x`).registry : parseReference(`${host}:443/x`).registry.replace(/:443$/, '')
  } catch {
    throw new LichenError(`${JSON.stringify(text)} is not the name of a registry`, {
      code: 'BAD_REFERENCE',
      hint: 'HOST[:PORT], such as registry.example or localhost:5000',
    })
  }
}

/** Asks the registry whether it knows somebody. Throws LOGIN_FAILED, REGISTRY_UNREACHABLE, ... */
export async function verifyLogin(context: Context, registry: string, { username, password }: Login): Promise<void> {
  const transport = await userTransport(context, {})
  const credentials = async () => ({ kind: 'password', username, password }) as const
  const asked = () => ({ host: registry, repository: '(login)', name: registry, action: 'pull' }) as const
  try {
    await withEndpoints(ownEndpoints(registry, context.config), {
      asked,
      open: (endpoint) => openSession({ transport, endpoint, authoriser: authoriser({ transport, endpoint, scopes: [], credentials }) }),
      async work(session) {
        const response = await session.send({ method: 'GET', path: '/v2/' })
        if (response.status === 200) return response.discard()
        const said = (await readComplaints(response)).map(({ message }) => message).find((message) => message !== '')
        if (response.status === 401 || response.status === 403) throw refused(registry, said ?? 'incorrect username or password')
        throw new LichenError(`registry ${registry} answers ${response.status} to a login: ${said ?? response.statusText}`, {
          code: 'REGISTRY_ERROR',
          hint: 'is it a registry, of version 2?',
        })
      },
    })
  } finally {
    transport.close()
  }
}

const refused = (registry: string, why: string) =>
  new LichenError(`login to ${registry} denied: unauthorized: ${why}`, { code: 'LOGIN_FAILED', hint: 'nothing was stored' })

/** Where credentials have been put. */
export type Kept = { file: string } | { helper: string }

/** Keeps credentials where Docker would: with the helper of config.json, else in the file itself. Throws CREDENTIAL_HELPER, BROKEN_JSON, ... */
export async function keepLogin(registry: string, { username, password }: Login): Promise<Kept> {
  const [file] = (await authFiles()) as [string]
  const before = (await readAuthFile(file)) ?? {}
  const helper = helperFor(before, registry)
  if (helper !== undefined) await helperStore(helper, serverKey(registry), { username, secret: password })
  const entry = helper === undefined ? { auth: Buffer.from(`${username}:${password}`).toString('base64') } : {}
  await changeAuthFile(file, (content) => ({ ...content, auths: { ...withoutEntries(content, registry), [serverKey(registry)]: entry } }))
  return helper === undefined ? { file } : { helper: `docker-credential-${helper}` }
}

/** Forgets what `keepLogin` kept. Gives whether there was anything, and whether another file still has some. */
export async function forgetLogin(registry: string): Promise<{ removed: boolean; remains: boolean }> {
  const [file] = (await authFiles()) as [string]
  const before = await readAuthFile(file)
  let removed = false
  const helper = before === undefined ? undefined : helperFor(before, registry)
  if (helper !== undefined) removed = await helperErase(helper, serverKey(registry))
  if (before !== undefined && entryKeys(before, registry).length > 0) {
    await changeAuthFile(file, (content) => ({ ...content, auths: withoutEntries(content, registry) }))
    removed = true
  }
  return { removed, remains: (await findCredentials(registry)) !== undefined }
}

const withoutEntries = (content: AuthFile, registry: string): NonNullable<AuthFile['auths']> => {
  const gone = entryKeys(content, registry)
  return Object.fromEntries(Object.entries(content.auths ?? {}).filter(([key]) => !gone.includes(key)))
}
