import { LichenError } from '../../system/errors.ts'
import { findProgram } from '../../system/programs.ts'
import { capture } from '../../system/spawn.ts'

/** What a helper answers to `get`. */
export interface HelperAnswer {
  username: string
  secret: string
}

/** Of docker-credential-helpers: this text, and exit code 1. */
const NOT_THERE = 'credentials not found in native keychain'

/** Asks `docker-credential-NAME get`; undefined where it has none. Throws CREDENTIAL_HELPER. */
export async function helperGet(helper: string, server: string): Promise<HelperAnswer | undefined> {
  const answer = await runHelper(helper, 'get', server)
  if (answer === undefined) return undefined
  let document: { Username?: unknown; Secret?: unknown } | null
  try {
    document = JSON.parse(answer) as typeof document
  } catch {
    document = null
  }
  const { Username: username, Secret: secret } = document ?? {}
  // What it said may be a secret: it is not shown.
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed(helper, 'get', "its answer can't be understood")
  return username === '' && secret === '' ? undefined : { username, secret }
}

export async function helperStore(helper: string, server: string, { username, secret }: HelperAnswer): Promise<void> {
  await runHelper(helper, 'store', JSON.stringify({ ServerURL: server, Username: username, Secret: secret }))
}

/** False: it had none. */
export const helperErase = async (helper: string, server: string): Promise<boolean> => (await runHelper(helper, 'erase', server)) !== undefined

async function runHelper(helper: string, verb: string, input: string): Promise<string | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper)) throw failed(helper, verb, 'this is no name of a helper')
  const program = `docker-credential-${helper}`
  const path = await findProgram(program)
  if (path === undefined) {
    throw new LichenError(`${program} is not installed, and config.json says that it keeps the credentials`, {
      code: 'CREDENTIAL_HELPER',
      hint: 'install it, or take "credsStore" and "credHelpers" out of config.json',
    })
  }
  const { code, stdout, stderr } = await capture({ file: path, argv: [program, verb], stdin: input })
  if (code === 0) return stdout
  const said = `${stdout}\n${stderr}`
  if (said.includes(NOT_THERE)) return undefined
  throw failed(helper, verb, stdout.trim().split('\n')[0] || stderr.trim().split('\n')[0] || `exit code ${code}`)
}

const failed = (helper: string, verb: string, why: string) => new LichenError(`docker-credential-${helper} ${verb}: ${why}`, { code: 'CREDENTIAL_HELPER' })
