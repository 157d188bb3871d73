import type { CreateOptions, SecretOption } from '../plan/options.ts'
import type { SecretFile } from '../plan/secret-mounts.ts'
import { findSecret } from '../storage/secrets.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'

export interface ContainerSecrets {
  files: SecretFile[]
  /** NAME=value */
  environment: string[]
}

/**
 * What `--secret` brings into a container, read afresh at each start: it goes to the runtime in the sealed plan, past the container's record
 * and its specification, which are files. Throws SECRET_NOT_FOUND, BAD_SECRET.
 */
export async function containerSecrets(context: Context, { secrets = [] }: Pick<CreateOptions, 'secrets'>): Promise<ContainerSecrets> {
  const files: SecretFile[] = []
  const environment: string[] = []
  for (const secret of secrets) {
    const { type, uid, gid, mode } = secret
    if (type === 'env') environment.push(await variable(context, secret))
    else files.push({ target: secret.target ?? secret.name, uid, gid, mode, content: await contentOf(context, secret) })
  }
  return { files, environment }
}

/** The variables again, for one more process; one whose secret has been removed since is left out. */
export async function secretVariables(context: Context, { secrets = [] }: Pick<CreateOptions, 'secrets'>): Promise<string[]> {
  const variables = secrets.filter(({ type }) => type === 'env').map((secret) => variable(context, secret))
  const found = await Promise.all(
    variables.map((pending) =>
      pending.catch((error: unknown) => {
        if (error instanceof LichenError && error.code === 'SECRET_NOT_FOUND') return undefined
        throw error
      }),
    ),
  )
  return found.filter((entry) => entry !== undefined)
}

async function variable(context: Context, secret: SecretOption): Promise<string> {
  const content = await contentOf(context, secret)
  if (!content.includes(0)) return `${secret.target ?? secret.name}=${content.toString()}`
  throw new LichenError(`secret ${secret.name} holds a NUL byte, which no environment variable can have`, {
    code: 'BAD_SECRET',
    hint: 'mount it: leave type=env out',
  })
}

const contentOf = async (context: Context, { name }: SecretOption) => Buffer.from((await findSecret(context, name)).data, 'base64')
