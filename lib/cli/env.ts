import { readFile } from '../system/small-files.ts'
import { invalidArgument, usageError } from './usage-error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** `-e NAME=value`, or `-e NAME` for the caller's value; a name that the caller has not is left out. */
export function parseEnv(entries: readonly string[], caller: Environment): string[] {
  return entries.flatMap((entry) => {
    const equals = entry.indexOf('=')
    if (entry === '' || equals === 0)
      throw invalidArgument(entry, '-e, --env', `invalid environment variable: ${entry}`, 'NAME=value, or NAME to hand on your own value')
    if (entry.includes('\0')) throw usageError('invalid environment variable: it contains a NUL byte')
    if (equals !== -1) return [entry]
    const value = caller[entry]
    return value === undefined ? [] : [`${entry}=${value}`]
  })
}

/** Lines of `--env-file`: NAME=value or NAME; `#` begins a comment line; nothing is quoted. */
export async function readEnvFile(path: string, caller: Environment): Promise<string[]> {
  return parseEnv(await lines(path), caller)
}

/** Lines of `--label-file`. */
export async function readLabelFile(path: string): Promise<string[]> {
  return lines(path)
}

async function lines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usageError(`open ${path}: ${error.code === 'ENOENT' ? 'no such file or directory' : error.message}`)
  })
  const found: string[] = []
  for (const [at, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const entry = line.trimStart()
    if (entry === '' || entry.startsWith('#')) continue
    const name = entry.split('=', 1)[0]!
    if (name === '') throw usageError(`no variable name on line '${entry}' (${path}, line ${at + 1})`)
    if (/\s/.test(name)) throw usageError(`poorly formatted environment: variable '${name}' contains whitespaces (${path}, line ${at + 1})`)
    found.push(entry)
  }
  return found
}

/** `key=value` or `key` (an empty value); the last one wins. */
export function parseLabels(entries: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const entry of entries) {
    const equals = entry.indexOf('=')
    if (entry === '' || equals === 0) throw invalidArgument(entry, '-l, --label', `invalid label '${entry}': empty name`)
    labels[equals === -1 ? entry : entry.slice(0, equals)] = equals === -1 ? '' : entry.slice(equals + 1)
  }
  return labels
}
