import { readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { LichenError } from '../system/errors.ts'
import { type BuildContext, resolveInside } from './context-files.ts'
import { IgnorePatterns, readIgnoreFile } from './dockerfile/ignore.ts'
import type { Dockerfile } from './dockerfile/instruction.ts'
import { parseDockerfile } from './dockerfile/parse.ts'

const SIZE_MAX = 4 * 1024 * 1024

/** The folder that COPY copies from, with what its ignore file leaves out. `dockerfile` is its path, undefined for standard input. Throws NO_CONTEXT, BAD_IGNORE_FILE. */
export async function openBuildContext(folder: string, dockerfile: string | undefined): Promise<BuildContext> {
  const root = await realpath(folder).catch((error: unknown) => {
    throw noContext(`path ${JSON.stringify(folder)} not found`, error)
  })
  if (!(await stat(root)).isDirectory()) throw noContext(`${folder} is not a directory`)
  const candidates = [...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]), join(root, '.containerignore'), join(root, '.dockerignore')]
  for (const path of candidates) {
    const text = await readText(path)
    if (text === undefined) continue
    return { root, ignore: ignorePatterns(path, text) }
  }
  return { root, ignore: new IgnorePatterns([]) }
}

/** As openBuildContext, of files that somebody else has written: no link in them leads out. `named`: the Dockerfile, in there. Throws NO_DOCKERFILE too. */
export async function openRemoteContext(
  root: string,
  named: string | undefined,
  hidden: readonly string[] = [],
): Promise<{ dockerfile: Dockerfile; files: BuildContext }> {
  const candidates = named === undefined ? ['Dockerfile', 'Containerfile'] : [named]
  const dockerfile = await firstInside(root, candidates)
  if (dockerfile === undefined) {
    const hint = `looked for ${candidates.join(' and ')} in the context`
    throw new LichenError(`failed to read dockerfile: open ${candidates[0]}: no such file or directory`, { code: 'NO_DOCKERFILE', exitCode: 1, hint })
  }
  return { dockerfile: parseDockerfile(dockerfile.text, dockerfile.name), files: await openRemoteFiles(root, hidden, dockerfile.name) }
}

/** The files alone. `hidden`: patterns in front of those of the ignore file. */
export async function openRemoteFiles(root: string, hidden: readonly string[] = [], dockerfile?: string): Promise<BuildContext> {
  const found = await firstInside(root, [...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]), '.containerignore', '.dockerignore'])
  if (found === undefined) return { root, ignore: new IgnorePatterns(hidden) }
  return { root, ignore: ignorePatterns(found.name, found.text, hidden) }
}

async function firstInside(root: string, names: readonly string[]): Promise<{ name: string; text: string } | undefined> {
  for (const name of names) {
    const inside = resolveInside(root, name)
    const text = inside === undefined ? undefined : await readText(join(root, inside))
    if (text !== undefined) return { name, text }
  }
  return undefined
}

function ignorePatterns(path: string, text: string, hidden: readonly string[] = []): IgnorePatterns {
  try {
    return new IgnorePatterns([...hidden, ...readIgnoreFile(text)])
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new LichenError(`${path}: ${error.message}`, { code: 'BAD_IGNORE_FILE', exitCode: 1, cause: error })
  }
}

const noContext = (message: string, cause?: unknown) =>
  new LichenError(`unable to prepare context: ${message}`, { code: 'NO_CONTEXT', exitCode: 1, hint: 'lichen build [OPTIONS] FOLDER, often "."', cause })

/** The file that is meant: the one that was named, else Dockerfile or Containerfile of the context. Throws NO_DOCKERFILE. */
export async function findDockerfile(folder: string, named: string | undefined): Promise<string> {
  const candidates =
    named === undefined ? [join(folder, 'Dockerfile'), join(folder, 'Containerfile')] : isAbsolute(named) ? [named] : [named, join(folder, named)]
  for (const path of candidates) if ((await stat(path).catch(() => undefined)) !== undefined) return path
  throw new LichenError(`failed to read dockerfile: open ${named ?? 'Dockerfile'}: no such file or directory`, {
    code: 'NO_DOCKERFILE',
    exitCode: 1,
    hint: named === undefined ? `looked for ${candidates.join(' and ')}; -f names another` : `looked for it as ${candidates.join(' and ')}`,
  })
}

/** Throws BAD_DOCKERFILE, NO_DOCKERFILE. */
export async function readDockerfile(path: string, shown: string): Promise<Dockerfile> {
  const text = await readText(path)
  if (text === undefined) throw new LichenError(`failed to read dockerfile: open ${shown}: no such file or directory`, { code: 'NO_DOCKERFILE', exitCode: 1 })
  return parseDockerfile(text, shown)
}

/** Undefined where there is none. */
async function readText(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  if (!found.isFile()) throw new LichenError(`${path} is not a file`, { code: 'NO_DOCKERFILE', exitCode: 1 })
  if (found.size > SIZE_MAX) throw new LichenError(`${path} is larger than ${SIZE_MAX} bytes`, { code: 'NO_DOCKERFILE', exitCode: 1 })
  return readFile(path, 'utf8')
}
