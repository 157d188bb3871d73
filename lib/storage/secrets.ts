import { mkdir, readdir, unlink } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson, writeFileAtomic } from '../system/files.ts'
import { withLock } from '../system/lock.ts'
import { secretsDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'

/** `secrets/<name>.json`, 0600: one file, so that it is there as a whole or not at all. */
export interface Secret {
  name: string
  /** 25 hex digits, as podman's. */
  id: string
  /** RFC 3339 */
  created: string
  updated: string
  labels: Record<string, string>
  /** base64 */
  data: string
}

/** podman's bound. */
const MAX_BYTES = 512_000

/** Keeps a secret; gives its id. Throws BAD_SECRET_NAME, BAD_SECRET, SECRET_EXISTS. */
export async function storeSecret(
  context: Context,
  input: { name: string; data: Uint8Array; labels: Record<string, string>; replace: boolean },
): Promise<string> {
  const { name, data, labels, replace } = input
  if (!isSecretName(name)) {
    throw new LichenError(`invalid secret name ${JSON.stringify(name)}`, {
      code: 'BAD_SECRET_NAME',
      hint: 'letters, digits, ".", "_" and "-", a letter or a digit first, 253 at most',
    })
  }
  if (data.length === 0 || data.length >= MAX_BYTES)
    throw new LichenError(`secret data must be larger than 0 and less than ${MAX_BYTES} bytes`, { code: 'BAD_SECRET' })
  return withSecretsLock(context, async () => {
    const before = await readSecret(context, name)
    if (before !== undefined && !replace)
      throw new LichenError(`secret name in use: ${name}`, { code: 'SECRET_EXISTS', hint: `lichen secret rm ${name}, or --replace` })
    const now = new Date().toISOString()
    const secret: Secret = {
      name,
      id: randomHex(13).slice(0, 25),
      created: before?.created ?? now,
      updated: now,
      labels,
      data: Buffer.from(data).toString('base64'),
    }
    await writeFileAtomic(secretPath(context, name), JSON.stringify(secret), { fsync: true })
    return secret.id
  })
}

/** All secrets, in order of their names. */
export async function listSecrets(context: Context): Promise<Secret[]> {
  const files = (await readdir(secretsDir(context.paths)).catch(() => [])).filter((name) => name.endsWith('.json'))
  const secrets = await Promise.all(files.sort().map((file) => readSecret(context, file.slice(0, -'.json'.length))))
  return secrets.filter((secret) => secret !== undefined)
}

/** By name, by id, or by a beginning of an id that fits one only. Throws SECRET_NOT_FOUND. */
export async function findSecret(context: Context, nameOrId: string): Promise<Secret> {
  const named = isSecretName(nameOrId) ? await readSecret(context, nameOrId) : undefined
  if (named !== undefined) return named
  const fitting = /^[0-9a-f]+$/.test(nameOrId) ? (await listSecrets(context)).filter(({ id }) => id.startsWith(nameOrId)) : []
  if (fitting.length === 1) return fitting[0]!
  throw new LichenError(`no secret with name or id ${JSON.stringify(nameOrId)}: ${fitting.length > 1 ? 'it fits several' : 'no such secret'}`, {
    code: 'SECRET_NOT_FOUND',
    hint: 'lichen secret ls',
  })
}

/** Removes a secret; gives its id. Containers that run keep what they have. Throws SECRET_NOT_FOUND. */
export async function removeSecret(context: Context, nameOrId: string): Promise<string> {
  return withSecretsLock(context, async () => {
    const { name, id } = await findSecret(context, nameOrId)
    await unlink(secretPath(context, name))
    return id
  })
}

const isSecretName = (name: string) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$/.test(name)

const secretPath = (context: Context, name: string) => `${secretsDir(context.paths)}/${name}.json`

const readSecret = (context: Context, name: string) => readJson<Secret>(secretPath(context, name))

async function withSecretsLock<T>(context: Context, fn: () => Promise<T>): Promise<T> {
  const folder = secretsDir(context.paths)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return withLock(`${folder}/.lock`, 'exclusive', async () => {
    // Of one that was killed while it wrote: under the lock nobody writes.
    for (const name of await readdir(folder)) if (name.endsWith('.tmp')) await unlink(`${folder}/${name}`)
    return fn()
  })
}
