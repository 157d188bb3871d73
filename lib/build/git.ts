import { closeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { visible } from '../system/log.ts'
import { drain, requireProgram, spawn } from '../system/spawn.ts'
import { canceled } from './canceled.ts'
import type { GitAddress } from './git-address.ts'

export interface GitAsking {
  /** For one host: what `--secret id=GIT_AUTH_TOKEN` and GIT_AUTH_HEADER say, as BuildKit has it. */
  secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents: that of `--ssh default` is asked in place of the user's. */
  ssh: ReadonlyMap<string, string>
  signal: AbortSignal
}

/** What is there to be fetched. */
export interface GitCommit {
  commit: string
  /** Full name of what it was found by; undefined: by its own digits. */
  name: string | undefined
}

const DIGITS = /^([0-9a-f]{40}|[0-9a-f]{64})$/

/** The commit that an address means now. Throws GIT_FAILED, NO_HELPER, BUILD_CANCELED. */
export async function resolveCommit(address: GitAddress, asking: GitAsking): Promise<GitCommit> {
  const { ref = 'HEAD' } = address
  if (DIGITS.test(ref)) return { commit: ref, name: undefined }
  const listing = await git(['ls-remote', '--', address.remote, ref, `${ref}^{}`], address, asking)
  const found = new Map(
    listing.split('\n').flatMap((line) => {
      const [commit = '', name = ''] = line.split('\t')
      return DIGITS.test(commit) ? [[name, commit] as const] : []
    }),
  )
  const bare = ref.replace(/^refs\//, '')
  for (const name of [ref, `refs/${bare}`, `refs/heads/${bare}`, `refs/tags/${bare}^{}`, `refs/tags/${bare}`]) {
    const commit = found.get(name)
    if (commit !== undefined) return { commit, name: name.replace('^{}', '') }
  }
  throw failed(address, `repository does not contain ref ${ref}`)
}

/**
 * Checks a commit out into `folder`, which is empty. Configuration of this machine's git, hooks, prompts and protocols that reach files do not
 * count: whoever wrote the address is to get no program run here. Throws as resolveCommit.
 */
export async function checkout(address: GitAddress, { commit, name }: GitCommit, folder: string, keepGitDir: boolean, asking: GitAsking): Promise<void> {
  const run = (...words: string[]) => git(['-C', folder, ...words], address, asking)
  await run('init', '--quiet', `--object-format=${commit.length === 64 ? 'sha256' : 'sha1'}`)
  await run('remote', 'add', '--', 'origin', address.remote)
  await fetchCommit(run, commit, name, asking.signal)
  await run('checkout', '--quiet', '--force', '--detach', commit)
  if ((await run('ls-files', '--', '.gitmodules')) !== '') await updateSubmodules(run, asking.signal)
  // The one that is ours. What submodules leave of theirs are small files of that name.
  await rm(`${folder}/.git${keepGitDir ? '/FETCH_HEAD' : ''}`, { recursive: true, force: true })
}

/** With the commit alone, where their servers can do that: those that but hand out files can't. */
async function updateSubmodules(run: (...words: string[]) => Promise<string>, signal: AbortSignal): Promise<void> {
  const update = ['submodule', '--quiet', 'update', '--init', '--recursive']
  try {
    await run(...update, '--depth=1')
  } catch (error) {
    if (signal.aborted) throw error
    await run(...update)
  }
}

/** Servers differ in what they let be asked for: the commit, its name, or only everything. */
async function fetchCommit(run: (...words: string[]) => Promise<string>, commit: string, name: string | undefined, signal: AbortSignal): Promise<void> {
  const ways = [
    ['fetch', '--quiet', '--depth=1', '--no-tags', 'origin', commit],
    ...(name === undefined || name === 'HEAD' ? [] : [['fetch', '--quiet', '--depth=1', '--no-tags', 'origin', name]]),
    ['fetch', '--quiet', '--tags', 'origin', '+refs/heads/*:refs/remotes/origin/*'],
  ]
  for (const [at, way] of ways.entries()) {
    try {
      await run(...way)
      await run('cat-file', '-e', `${commit}^{commit}`)
      return
    } catch (error) {
      if (signal.aborted || at === ways.length - 1) throw error
    }
  }
}

const OPTIONS = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'core.autocrlf': 'false',
  'credential.helper': '',
  'advice.detachedHead': 'false',
  'init.defaultBranch': 'main',
  'http.followRedirects': 'initial',
  'http.lowSpeedLimit': '1',
  'http.lowSpeedTime': '60',
  'protocol.allow': 'never',
  'protocol.http.allow': 'always',
  'protocol.https.allow': 'always',
  'protocol.git.allow': 'always',
  'protocol.ssh.allow': 'always',
} as const

/** By variables: what stands in argv everybody on the machine can read. */
function environment(address: GitAddress, { secrets, ssh }: GitAsking): Record<string, string | undefined> {
  const settings: [string, string][] = Object.entries(OPTIONS)
  const header = authorization(address, secrets)
  if (header !== undefined) settings.push([`http.${new URL('/', address.remote).href}.extraHeader`, `Authorization: ${header}`])
  const kept = ['PATH', 'HOME', 'USER', 'LOGNAME', 'http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY']
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    SSH_AUTH_SOCK: ssh.get('default') ?? process.env['SSH_AUTH_SOCK'],
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20',
    GIT_ALLOW_PROTOCOL: 'http:https:git:ssh',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
  }
}

function authorization({ remote, credentials }: GitAddress, secrets: ReadonlyMap<string, Buffer>): string | undefined {
  if (!/^https?:/.test(remote)) return undefined
  const { hostname } = new URL(remote)
  const secret = (name: string) => (secrets.get(`${name}.${hostname}`) ?? secrets.get(name))?.toString('utf8').trim()
  const basic = (words: string) => `basic ${Buffer.from(words).toString('base64')}`
  if (credentials !== undefined) return basic(credentials)
  // A token in the clear is nobody's.
  if (!remote.startsWith('https:')) return undefined
  const token = secret('GIT_AUTH_TOKEN')
  return secret('GIT_AUTH_HEADER') ?? (token === undefined ? undefined : basic(`x-access-token:${token}`))
}

/** Gives what it prints. Throws GIT_FAILED with git's own last words, BUILD_CANCELED, NO_HELPER. */
async function git(words: string[], address: GitAddress, asking: GitAsking): Promise<string> {
  const file = await requireProgram('git')
  const { signal } = asking
  if (signal.aborted) throw canceled()
  const [outRead, outWrite] = addon.pipe({})
  const [errRead, errWrite] = addon.pipe({})
  let child: ReturnType<typeof spawn>
  try {
    // A session of its own: no terminal to ask at, and one group to end. What comes out is to be the same for whoever builds.
    const fds: [number, number][] = [
      [1, outWrite],
      [2, errWrite],
    ]
    child = spawn({ file: '/bin/sh', argv: ['sh', '-c', 'umask 022; exec "$0" "$@"', file, ...words], env: environment(address, asking), fds, setsid: true })
  } catch (error) {
    for (const fd of [outRead, errRead]) closeSync(fd)
    throw error
  } finally {
    for (const fd of [outWrite, errWrite]) closeSync(fd)
  }
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGTERM')
    } catch {
      // It has just ended.
    }
  }
  signal.addEventListener('abort', kill)
  try {
    const [stdout, stderr, code] = await Promise.all([drain(outRead), drain(errRead), child.exited()])
    if (signal.aborted) throw canceled()
    if (code === 0) return stdout.trimEnd()
    const said = stderr
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .slice(-5)
      .map(visible)
      .join('; ')
    throw failed(address, said === '' ? `git ends with ${code}` : said)
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

function failed({ remote }: GitAddress, why: string): LichenError {
  const asked = /could not read Username|Authentication failed|terminal prompts disabled/.test(why)
  const hint = asked ? { hint: 'nobody is asked for a password: --secret id=GIT_AUTH_TOKEN,env=VARIABLE' } : {}
  return new LichenError(`failed to fetch remote ${remote}: ${why}`, { code: 'GIT_FAILED', exitCode: 1, ...hint })
}
