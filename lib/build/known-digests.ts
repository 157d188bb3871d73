import type { Context } from '../system/context.ts'
import { writeFileAtomic } from '../system/files.ts'
import { sha256 } from '../system/sha256.ts'
import { mkdir, readdir, readFile, rm, stat } from '../system/small-files.ts'
import type { ContextFile } from './context-files.ts'

/** A file that was written this shortly before may be written again without another time: how fine times are is the file system's affair. */
const FRESH = 2_000_000_000n
/** Contexts that are remembered. */
const MOST = 64

const folderOf = (context: Context) => `${context.paths.data}/build/digests`

/**
 * Digests of the files of a build context, by what `stat` says of them, as git and BuildKit keep them: a file for each context, of lines
 * "device inode size mtime ctime sha256". Those that the last build has used are in it.
 */
export class KnownDigests {
  readonly #path: string
  readonly #known: ReadonlyMap<string, string>
  readonly #used = new Map<string, string>()
  readonly #fresh: bigint
  #forgotten = false

  private constructor(path: string, known: ReadonlyMap<string, string>) {
    this.#path = path
    this.#known = known
    this.#fresh = BigInt(Date.now()) * 1_000_000n - FRESH
  }

  static async open(context: Context, root: string): Promise<KnownDigests> {
    const path = `${folderOf(context)}/${sha256(root).toString('hex')}`
    const text = await readFile(path, 'utf8').catch(() => '')
    const known = new Map<string, string>()
    for (const line of text.split('\n')) {
      const space = line.lastIndexOf(' ')
      if (/^[0-9a-f]{64}$/.test(line.slice(space + 1))) known.set(line.slice(0, space), line.slice(space + 1))
    }
    return new KnownDigests(path, known)
  }

  find(stamp: string): string | undefined {
    const digest = this.#used.get(stamp) ?? this.#known.get(stamp)
    if (digest !== undefined) this.#used.set(stamp, digest)
    return digest
  }

  /** Of a file that has been read after its stamp was taken. */
  add({ stamp, digest }: ContextFile): void {
    const [mtime = '', ctime = ''] = stamp.split(' ').slice(3)
    if (BigInt(mtime) < this.#fresh && BigInt(ctime) < this.#fresh) this.#used.set(stamp, digest)
  }

  /** Nothing is believed any more. */
  async forget(): Promise<void> {
    this.#forgotten = true
    await rm(this.#path, { force: true })
  }

  /** Two builds of one context: who is the last to end is remembered. Where it can't be written the next build reads again. */
  async save(context: Context): Promise<void> {
    if (this.#forgotten) return
    if (this.#used.size === this.#known.size && [...this.#used.keys()].every((stamp) => this.#known.has(stamp))) return
    try {
      await mkdir(folderOf(context), { recursive: true, mode: 0o700 })
      await writeFileAtomic(this.#path, [...this.#used].map((entry) => `${entry.join(' ')}\n`).join(''))
      await forgetOldest(context)
    } catch {
      // A full disk is told by what needs it.
    }
  }
}

async function forgetOldest(context: Context): Promise<void> {
  const names = await readdir(folderOf(context))
  if (names.length <= MOST) return
  const times = await Promise.all(
    names.map(async (name) => ({
      name,
      time: await stat(`${folderOf(context)}/${name}`).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    })),
  )
  for (const { name } of times.sort((a, b) => b.time - a.time).slice(MOST)) await rm(`${folderOf(context)}/${name}`, { force: true })
}

export const forgetDigests = (context: Context): Promise<void> => rm(folderOf(context), { recursive: true, force: true })
