import { stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { digestSources } from '../build/context-content.ts'
import { type BuildContext, type ContextSource, findSources, resolveInside } from '../build/context-files.ts'
import { IgnorePatterns } from '../build/dockerfile/ignore.ts'
import { checkout, type GitAsking, type GitCommit, resolveCommit } from '../build/git.ts'
import { type GitAddress, isWebAddress, parseGitAddress, withoutPasswords } from '../build/git-address.ts'
import { newScratch } from '../build/scratch.ts'
import type { CopyWork } from '../build/work.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { BuildSession } from './build-container.ts'
import { download } from './build-download.ts'
import type { BuildSite } from './build-steps.ts'

/** Something that ADD takes from an address. */
export interface RemoteSource {
  /** What it is, for the key of the step. */
  facts: object
  /** Brings it here, where it is not yet. */
  open(): Promise<ContextSource>
}

/** For each source that is an address: what is there now. Throws what downloads and git throw, CHECKSUM_MISMATCH, BAD_ADDRESS. */
export async function remoteSources(site: BuildSite, work: CopyWork): Promise<Map<string, RemoteSource>> {
  const found = new Map<string, RemoteSource>()
  if (!work.add) return found
  for (const source of work.sources) {
    if (typeof source !== 'string') continue
    const repository = gitAddress(source)
    if (repository !== undefined) found.set(source, await gitSource(site, work, source, repository))
    else if (isWebAddress(source)) found.set(source, await webSource(site, work, source))
  }
  return found
}

/** Throws BAD_ADDRESS. */
export function gitAddress(text: string, options: { short?: boolean } = {}): GitAddress | undefined {
  try {
    return parseGitAddress(text, options)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new LichenError(`${withoutPasswords(text)}: ${error.message}`, { code: 'BAD_ADDRESS', exitCode: 1, hint: 'ADDRESS#REFERENCE:FOLDER' })
  }
}

const NOTHING = new IgnorePatterns([])

async function webSource(site: BuildSite, { checksum, exclude }: CopyWork, address: string): Promise<RemoteSource> {
  const { context, session, signal } = site
  // As BuildKit: of the path alone, whatever the server calls it.
  const base = posix.basename(decoded(new URL(address).pathname))
  const name = base === '' || base === '.' || base === '..' || base.includes('\0') || base.length > 255 ? '__unnamed__' : base
  const folder = await newScratch(context, session.id)
  const wish = { context, address, name, folder, signal }
  const here = async (): Promise<ContextSource> => {
    const [source] = findSources({ root: folder, ignore: NOTHING }, literal(name), new IgnorePatterns(exclude))
    await digestSources([source!])
    return { ...source!, remote: true }
  }
  const check = (digest: string, wanted: string) => {
    if (digest === wanted) return
    throw new LichenError(`digest mismatch ${digest}: ${wanted}`, {
      code: 'CHECKSUM_MISMATCH',
      exitCode: 1,
      hint: `what is at ${withoutPasswords(address)} is not what --checksum says`,
    })
  }
  if (checksum !== undefined) {
    const wanted = sha256Digest(checksum)
    const open = async () => {
      check((await download({ ...wish, ask: false })).digest, wanted)
      return here()
    }
    return { facts: { address: name, digest: wanted }, open }
  }
  const first = await download({ ...wish, ask: true })
  const open = async () => {
    if (first.path === undefined) check((await download({ ...wish, ask: false })).digest, first.digest)
    return here()
  }
  return { facts: { address: name, digest: first.digest, modified: first.modified }, open }
}

function sha256Digest(text: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return text
  throw new LichenError(`invalid checksum digest format ${JSON.stringify(text)}`, {
    code: 'BAD_CHECKSUM',
    exitCode: 1,
    hint: '--checksum=sha256:64 HEXADECIMAL DIGITS',
  })
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** No pattern. */
const literal = (name: string) => name.replace(/[*?[\\]/g, '\\$&')

async function gitSource(site: BuildSite, { checksum, exclude, keepGitDir }: CopyWork, text: string, address: GitAddress): Promise<RemoteSource> {
  const found = await resolveCommit(address, site)
  if (checksum !== undefined && !(/^[0-9a-f]{7,64}$/.test(checksum) && found.commit.startsWith(checksum))) {
    throw new LichenError(`expected checksum to match ${checksum}, got ${found.commit}`, {
      code: 'CHECKSUM_MISMATCH',
      exitCode: 1,
      hint: `what is at ${withoutPasswords(text)} is not what --checksum says`,
    })
  }
  return {
    facts: { remote: address.remote, commit: found.commit, subdir: address.subdir, keepGitDir },
    async open() {
      const root = await checkedOut(site, address, found, keepGitDir)
      const ignore = new IgnorePatterns(keepGitDir ? [] : ['**/.git'])
      const [source] = findSources({ root, ignore }, '.', new IgnorePatterns(exclude))
      await digestSources([source!])
      return { ...source!, remote: true }
    },
  }
}

export interface Asking extends GitAsking {
  context: Context
  session: BuildSession
}

/** The folder that an address means, checked out in the session's scratch. */
async function checkedOut({ context, session, ...asking }: Asking, address: GitAddress, commit: GitCommit, keepGitDir: boolean): Promise<string> {
  const folder = await newScratch(context, session.id)
  await checkout(address, commit, folder, keepGitDir, asking)
  const inside = resolveInside(folder, address.subdir)
  const path = inside === undefined || inside === '' ? folder : `${folder}/${inside}`
  if (inside !== undefined && (await stat(path)).isDirectory()) return path
  throw new LichenError(`${address.remote} has no folder ${JSON.stringify(address.subdir)}`, { code: 'BAD_ADDRESS', exitCode: 1 })
}

/** A repository as a context. */
export async function gitContext(asking: Asking, address: GitAddress, keepGitDir: boolean): Promise<Pick<BuildContext, 'root'>> {
  const commit = await resolveCommit(address, asking)
  return { root: await checkedOut(asking, address, commit, keepGitDir) }
}
