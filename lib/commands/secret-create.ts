import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { command } from '../cli/command.ts'
import { parseLabels } from '../cli/env.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { storeSecret } from '../storage/secrets.ts'
import { addon } from '../system/addon.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const secretCreate = command({
  name: 'secret create',
  summary: 'Keep a secret, from a file, standard input (-) or a variable (--env)',
  usage: '[OPTIONS] NAME FILE|-|VARIABLE',
  options: optionTable({
    driver: { type: 'string', short: 'd', metavar: 'string', default: 'file', description: 'How it is kept; there is one way, file' },
    env: { type: 'boolean', description: 'It is in the environment variable that the last word names' },
    label: { type: 'list', short: 'l', metavar: 'list', description: 'Set metadata' },
    replace: { type: 'boolean', description: 'One of that name is replaced' },
  }),
  positionals: { min: 2, max: 2, complete: 'file' },
  usageExitCode: 125,
  async run({ options, positionals }, globals) {
    const [name = '', from = ''] = positionals
    if (options.driver !== 'file') throw usageError(`${options.driver}: unknown secret driver`, 'lichen keeps secrets in files (file)')
    const data = options.env ? variable(from) : from === '-' ? await standardInput() : await fileAt(from)
    printLines([await storeSecret(await openContext(globals), { name, data, labels: parseLabels(options.label), replace: options.replace })])
    return 0
  },
})

function variable(name: string): Buffer {
  const value = process.env[name]
  if (value === undefined) throw usageError(`cannot create store secret data: environment variable ${name} is not set`)
  return Buffer.from(value)
}

function standardInput(): Promise<Buffer> {
  if (addon.isTerminal({ fd: 0 }))
    throw usageError('if `-` is used, data must be passed into stdin, and that is a terminal', 'printf %s SECRET | lichen secret create NAME -')
  return buffer(process.stdin)
}

const fileAt = (path: string) =>
  readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`open ${path}: ${error.code === 'ENOENT' ? 'no such file or directory' : error.message}`)
  })
