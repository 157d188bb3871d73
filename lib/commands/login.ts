import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { findCredentials } from '../image/registry/credentials.ts'
import { keepLogin, type Login, registryName, verifyLogin } from '../image/registry/login.ts'
import { addon } from '../system/addon.ts'
import { warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { ask, readSecret } from './prompt.ts'

const options = optionTable({
  password: { type: 'string', short: 'p', metavar: 'string', description: 'Password or token; others can see it in the list of processes' },
  'password-stdin': { type: 'boolean', description: 'Take the password from standard input' },
  username: { type: 'string', short: 'u', metavar: 'string', description: 'Username' },
})

export const login = command({
  name: 'login',
  summary: 'Log in to a registry',
  usage: '[OPTIONS] [SERVER]',
  options,
  positionals: { min: 0, max: 1, complete: 'none' },
  async run({ options, positionals }, globals) {
    const registry = registryName(positionals[0] ?? '')
    if (options['password-stdin'] && options.password !== undefined)
      throw usageError('conflicting options: cannot specify both --password and --password-stdin', undefined, 1)
    if (options['password-stdin'] && !options.username) throw usageError('the --password-stdin option requires --username to be set', undefined, 1)
    if (options.password !== undefined) warning('using --password via the CLI is insecure. Use --password-stdin.')
    const context = await openContext(globals)
    const asked = await askLogin(registry, options)
    await verifyLogin(context, registry, asked)
    const kept = await keepLogin(registry, asked)
    if ('file' in kept) warning(`your credentials are stored unencrypted in '${kept.file}'; a credential helper ("credsStore") would keep them better`)
    printLines(['Login Succeeded'])
    return 0
  },
})

interface Given {
  username: string | undefined
  password: string | undefined
  'password-stdin': boolean
}

async function askLogin(registry: string, options: Given): Promise<Login> {
  if (options['password-stdin']) return checked(options.username, await readSecret())
  const known = options.username !== undefined && options.password !== undefined
  if (!known && !addon.isTerminal({ fd: 0 }))
    throw usageError('cannot perform an interactive login from a non TTY device', 'lichen login --username USER --password-stdin SERVER < FILE', 1)
  const before = known ? undefined : await findCredentials(registry)
  const usual = before?.kind === 'password' ? before.username : ''
  const username = options.username ?? ((await ask(usual === '' ? 'Username: ' : `Username (${usual}): `, { hidden: false })) || usual)
  return checked(username, options.password ?? (username === '' ? '' : await ask('Password: ', { hidden: true })))
}

function checked(username: string | undefined, password: string): Login {
  if (!username) throw usageError('username is empty', undefined, 1)
  if (username.includes(':')) throw usageError('a username has no colon in it', undefined, 1)
  if (password === '') throw usageError('password is empty', undefined, 1)
  return { username, password }
}
