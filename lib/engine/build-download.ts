import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, unlink, utimes } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { canceled } from '../build/canceled.ts'
import { downloadFailed, withAnswer } from '../image/fetch-url.ts'
import type { Context } from '../system/context.ts'
import { readJson, writeFileAtomic } from '../system/files.ts'
import { sha256 } from '../system/sha256.ts'

/** Bytes; what is larger is no file of a build, but a disk that fills. */
const SIZE_MAX = 64 * 1024 ** 3

/** What an address gave the last time: `build/addresses/<sha256 of the address>.json`. */
interface Remembered {
  version: 1
  etag: string
  digest: string
  /** Last-Modified, seconds. */
  modified: number
}

export interface Download {
  /** Of the content. */
  digest: string
  /** Seconds; 0 where the server does not say. */
  modified: number
  /** Undefined: it is what it was the last time, and nothing has been fetched. */
  path: string | undefined
}

const folderOf = (context: Context) => `${context.paths.data}/build/addresses`

export interface DownloadWish {
  context: Context
  address: string
  /** Name of the file in `folder`. */
  name: string
  folder: string
  /** It is enough to know that it is what it was. */
  ask: boolean
  signal: AbortSignal
}

/**
 * Fetches what an address has, unless it is known and the server says that it is still the same (ETag). Throws DOWNLOAD_FAILED, BAD_REDIRECT,
 * BUILD_CANCELED.
 */
export async function download(wish: DownloadWish): Promise<Download> {
  const { context, address, signal, ask } = wish
  const record = `${folderOf(context)}/${sha256(address).toString('hex')}.json`
  const known = ask ? await readJson<Remembered>(record).catch(() => undefined) : undefined
  const condition = known?.version === 1 ? { 'If-None-Match': known.etag } : {}
  try {
    return await withAnswer({ address, condition, signal }, async (response) => {
      if (response.status === 304) {
        response.discard()
        return { digest: known!.digest, modified: known!.modified, path: undefined }
      }
      const { digest, path } = await keep(wish, response.body)
      const modified = seconds(response.headers['last-modified'])
      await utimes(path, modified, modified)
      const { etag } = response.headers
      if (etag !== undefined && etag.length < 1000) {
        await mkdir(folderOf(context), { recursive: true, mode: 0o700 })
        await writeFileAtomic(record, JSON.stringify({ version: 1, etag, digest, modified } satisfies Remembered))
      }
      return { digest, modified, path }
    })
  } catch (error) {
    throw signal.aborted ? canceled() : error
  }
}

async function keep({ address, name, folder }: DownloadWish, body: AsyncIterable<Uint8Array>): Promise<{ digest: string; path: string }> {
  const hash = createHash('sha256')
  const path = `${folder}/${name}`
  async function* passing() {
    let size = 0
    for await (const part of body) {
      size += part.length
      if (size > SIZE_MAX) throw downloadFailed(address, `it is larger than ${SIZE_MAX / 1024 ** 3} GiB`)
      hash.update(part)
      yield part
    }
  }
  await pipeline(passing(), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  return { digest: `sha256:${hash.digest('hex')}`, path }
}

/** Of an HTTP date. */
function seconds(text: string | undefined): number {
  const time = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) || time < 0 ? 0 : Math.floor(time / 1000)
}

/** What addresses gave is forgotten. */
export async function forgetAddresses(context: Context): Promise<void> {
  const folder = folderOf(context)
  for (const name of await readdir(folder).catch(() => [])) await unlink(`${folder}/${name}`).catch(() => undefined)
}
