import { createReadStream } from 'node:fs'
import type { BuildContext } from '../build/context-files.ts'
import { withoutPasswords } from '../build/git-address.ts'
import { newScratch } from '../build/scratch.ts'
import { peekArchive } from '../image/peek-archive.ts'
import { unpackTar } from '../image/unpack-tar.ts'
import { noIdentity, unpackFiles } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { BuildSession } from './build-container.ts'
import { download } from './build-download.ts'

/** Bytes. */
const DOCKERFILE_MAX = 4 * 1024 * 1024

export interface ContextPlace {
  context: Context
  session: BuildSession
  signal: AbortSignal
}

/** What came through a pipe or from an address: a context, or a Dockerfile without one. */
export type Arrived = { kind: 'folder'; root: string } | { kind: 'dockerfile'; text: string }

/** Unpacks what is an archive, as files of the user; all else is text. `what`: for messages. Throws NOT_AN_ARCHIVE, DAMAGED_STREAM, BAD_DOCKERFILE. */
export async function takeContext({ context, session }: ContextPlace, source: AsyncIterable<Uint8Array>, what: string): Promise<Arrived> {
  const { archive, bytes } = await peekArchive(source)
  if (!archive) return { kind: 'dockerfile', text: await wholeText(bytes, what) }
  const root = await newScratch(context, session.id)
  try {
    await unpackTar(bytes, unpackFiles({ context, identity: noIdentity, view: { kind: 'host' }, directory: root, owners: false, confined: true }))
  } catch (error) {
    if (!(error instanceof LichenError)) throw error
    throw new LichenError(`the build context from ${what} can't be unpacked: ${error.message}`, { code: error.code, exitCode: 1, cause: error })
  }
  return { kind: 'folder', root }
}

/** The same, of an http or https address. Throws DOWNLOAD_FAILED, BUILD_CANCELED. */
export async function fetchContext(place: ContextPlace, address: string): Promise<Arrived> {
  const { context, session, signal } = place
  const folder = await newScratch(context, session.id)
  const { path } = await download({ context, address, name: 'context', folder, ask: false, signal })
  return takeContext(place, createReadStream(path!), withoutPasswords(address))
}

/** A folder in which nobody has anything. */
export async function emptyContext({ context, session }: Omit<ContextPlace, 'signal'>): Promise<Pick<BuildContext, 'root'>> {
  return { root: await newScratch(context, session.id) }
}

async function wholeText(bytes: AsyncIterable<Uint8Array>, what: string): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of bytes) {
    size += part.length
    if (size > DOCKERFILE_MAX)
      throw new LichenError(`the Dockerfile from ${what} is larger than ${DOCKERFILE_MAX} bytes`, { code: 'BAD_DOCKERFILE', exitCode: 1 })
    parts.push(part)
  }
  const text = Buffer.concat(parts).toString('utf8')
  if (text.includes('\0')) throw new LichenError(`what comes from ${what} is neither a Dockerfile nor a tar archive`, { code: 'NOT_AN_ARCHIVE', exitCode: 1 })
  return text
}
