import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { canceled } from '../build/canceled.ts'
import type { BuildContext } from '../build/context-files.ts'
import { IgnorePatterns } from '../build/dockerfile/ignore.ts'
import { parseDockerfile } from '../build/dockerfile/parse.ts'
import { isWebAddress, withoutPasswords } from '../build/git-address.ts'
import { findDockerfile, openBuildContext, openRemoteContext, openRemoteFiles, readDockerfile } from '../build/read-context.ts'
import type { NamedContexts } from '../build/stages.ts'
import { usageError } from '../cli/usage-error.ts'
import { type Arrived, type ContextPlace, emptyContext, fetchContext, takeContext } from '../engine/build-context.ts'
import type { BuildInput } from '../engine/build-input.ts'
import { gitAddress, gitContext } from '../engine/build-remote.ts'
import { LichenError } from '../system/errors.ts'

export interface SourcePlace extends ContextPlace {
  secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents, by id. */
  ssh: ReadonlyMap<string, string>
  /** BUILDKIT_CONTEXT_KEEP_GIT_DIR */
  keepGitDir: boolean
}

type Source = Pick<BuildInput, 'dockerfile' | 'files'>

/** What is to be built: a folder, `-`, a repository or an address, with the Dockerfile that `-f` names. */
export async function readSource(place: SourcePlace, where: string, file: string | undefined): Promise<Source> {
  if (where === '-' && file === '-') throw usageError("invalid argument: can't use stdin for both build context and dockerfile", undefined, 1)
  if (file === '-') {
    const dockerfile = parseDockerfile(await dockerfileOnInput(place), 'Dockerfile')
    return { dockerfile, files: where === '-' ? await nothing(place) : await openFiles(place, where) }
  }
  if (where === '-') return fromArrived(place, await takeContext(place, input(place.signal), 'standard input'), file, '-')
  if (!(await isFolder(where))) {
    const repository = gitAddress(where, { short: true })
    if (repository !== undefined) {
      const { root } = await gitContext(place, repository, place.keepGitDir)
      return openRemoteContext(root, file, place.keepGitDir ? [] : ['**/.git'])
    }
    if (isWebAddress(where)) return fromArrived(place, await fetchContext(place, where), file, where)
  }
  const files = await openBuildContext(where, undefined)
  if (file !== undefined && isWebAddress(file)) {
    const arrived = await fetchContext(place, file)
    if (arrived.kind !== 'dockerfile')
      throw new LichenError(`${withoutPasswords(file)} is no Dockerfile, but an archive`, { code: 'NO_DOCKERFILE', exitCode: 1 })
    return { dockerfile: parseDockerfile(arrived.text, 'Dockerfile'), files }
  }
  const path = await findDockerfile(where, file)
  const dockerfile = await readDockerfile(path, file ?? basename(path))
  return { dockerfile, files: await openBuildContext(where, resolve(path)).catch(() => files) }
}

/** Nobody waits for it once the build is canceled. */
function input(signal: AbortSignal): NodeJS.ReadStream {
  signal.addEventListener('abort', () => process.stdin.destroy(canceled()))
  return process.stdin
}

const isFolder = (path: string) =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  )

async function dockerfileOnInput(place: SourcePlace): Promise<string> {
  const arrived = await takeContext(place, input(place.signal), 'standard input')
  if (arrived.kind === 'dockerfile') return arrived.text
  throw new LichenError('standard input is an archive, where -f - wants a Dockerfile', {
    code: 'NO_DOCKERFILE',
    exitCode: 1,
    hint: 'lichen build - takes the archive as context',
  })
}

async function fromArrived(place: SourcePlace, arrived: Arrived, file: string | undefined, where: string): Promise<Source> {
  if (arrived.kind === 'folder') return openRemoteContext(arrived.root, file)
  if (file !== undefined)
    throw usageError(`ambiguous Dockerfile source: both ${where === '-' ? 'stdin' : 'the context'} and flag correspond to Dockerfiles`, undefined, 1)
  return { dockerfile: parseDockerfile(arrived.text, 'Dockerfile'), files: await nothing(place) }
}

const nothing = async (place: SourcePlace): Promise<BuildContext> => ({ ...(await emptyContext(place)), ignore: new IgnorePatterns([]) })

/** Files alone: of `-f -`, and of named contexts. */
async function openFiles(place: SourcePlace, where: string): Promise<BuildContext> {
  if (!(await isFolder(where))) {
    const repository = gitAddress(where, { short: true })
    if (repository !== undefined) return openRemoteFiles((await gitContext(place, repository, place.keepGitDir)).root, place.keepGitDir ? [] : ['**/.git'])
    if (isWebAddress(where)) {
      const arrived = await fetchContext(place, where)
      if (arrived.kind === 'folder') return openRemoteFiles(arrived.root)
      throw new LichenError(`${withoutPasswords(where)} is no archive`, { code: 'NOT_AN_ARCHIVE', exitCode: 1 })
    }
  }
  return openBuildContext(where, undefined)
}

/** `NAME=docker-image://REFERENCE`, `NAME=oci-layout://FOLDER[:TAG|@DIGEST]`, `NAME=FOLDER`, a repository or an address. Throws USAGE. */
export function readNamedContexts(flags: readonly string[]): { contexts: NamedContexts; open(place: SourcePlace, name: string): Promise<BuildContext> } {
  const contexts = new Map<string, NamedContexts extends ReadonlyMap<string, infer O> ? O : never>()
  const places = new Map<string, string>()
  for (const flag of flags) {
    const equals = flag.indexOf('=')
    const [name, value] = [flag.slice(0, equals), flag.slice(equals + 1)]
    if (equals < 1 || value === '') throw usageError(`invalid context value: ${flag}, expected key=value`, '--build-context NAME=FOLDER', 1)
    const [, kind, rest = ''] = /^(docker-image|oci-layout|target):\/\/(.*)$/.exec(value) ?? []
    if (kind === 'target') throw usageError(`invalid context value: ${flag}: target:// is for bake files`, undefined, 1)
    if (kind === 'docker-image') contexts.set(name, { kind: 'image', reference: rest })
    else if (kind === 'oci-layout') contexts.set(name, { kind: 'image', reference: layout(flag, rest) })
    else {
      contexts.set(name, { kind: 'context', name })
      places.set(name, value)
    }
  }
  return { contexts, open: (place, name) => openFiles(place, places.get(name)!) }
}

function layout(flag: string, path: string): string {
  if (path.includes('@') && !/[^:]@sha256:[0-9a-f]{64}$/.test(path))
    throw usageError(`invalid context value: ${flag}: what is behind the @ is no digest`, 'oci-layout://FOLDER@sha256:DIGEST', 1)
  return `oci:${path.includes('/') ? path : `./${path}`}`
}
