import { cp, mkdir, rename, stat } from 'node:fs/promises'
import { cacheMountsDir, DRAFT_PREFIX } from '../build/cache.ts'
import { notInContext, resolveInside } from '../build/context-files.ts'
import type { RunMount } from '../build/dockerfile/mount-flag.ts'
import type { VolumeMount } from '../container/record.ts'
import { ApplyRecords } from '../image/apply-records.ts'
import { copyFiles, unpackFiles } from '../runtime/view.ts'
import { makeForMappedRoot } from '../storage/owned-folders.ts'
import { removeTree } from '../storage/remove.ts'
import type { Context } from '../system/context.ts'
import { hostIdentity } from '../system/identity.ts'
import { withFreeLock, withLock } from '../system/lock.ts'
import { randomHex } from '../system/random.ts'
import { sha256 } from '../system/sha256.ts'
import type { BuildSession } from './build-container.ts'
import { withLayerFiles } from './build-files.ts'
import type { Provenance } from './build-mounts.ts'

/** `RUN --mount=type=cache`. */
export interface CacheWish {
  /** Who has the same name has the same folder. */
  name: string
  sharing: RunMount['sharing']
  /** Get the folder as their source. */
  mounts: VolumeMount[]
  /** What a new one begins with. */
  content: (Provenance & { path: string }) | undefined
  mode: number
  owner: { uid: number; gid: number } | undefined
}

interface Site {
  context: Context
  session: BuildSession
}

/** Runs `use` with the folders of the caches, and with their locks: `locked` waits, `private` takes a folder that is nobody's at the time. */
export async function withCacheMounts<T extends object>(site: Site, wishes: readonly CacheWish[], use: () => Promise<T>): Promise<T> {
  if (wishes.length === 0) return use()
  const folder = cacheMountsDir(site.context)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = (name: string) => `${folder}/${sha256(name).toString('hex')}`
  const sorted = oneEach(wishes)
  const take = async (at: number): Promise<T> => {
    const wish = sorted[at]
    if (wish === undefined) return use()
    const within = async (place: string) => {
      await makeCache(site, wish, place)
      for (const mount of wish.mounts) mount.source = place
      return take(at + 1)
    }
    const first = path(wish.name)
    if (wish.sharing !== 'private')
      return withLock(`${first}.lock`, wish.sharing === 'shared' ? 'shared' : 'exclusive', () => within(first), site.session.signal)
    for (let other = 0; ; other++) {
      const place = other === 0 ? first : path(`${wish.name} ${other}`)
      const done = await withFreeLock(`${place}.lock`, 'exclusive', () => within(place))
      if (done !== undefined) return done
    }
  }
  return take(0)
}

/** In the same order everywhere, or two builds would wait for each other; and each once, or one would wait for itself. */
function oneEach(wishes: readonly CacheWish[]): CacheWish[] {
  const found = new Map<string, CacheWish>()
  for (const wish of wishes) {
    const { sharing, mounts } = found.get(wish.name) ?? { sharing: wish.sharing, mounts: [] }
    found.set(wish.name, { ...wish, sharing: sharing === 'shared' ? wish.sharing : sharing, mounts: [...mounts, ...wish.mounts] })
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Seen only when all of it is there: of shared ones, whoever is the first. */
async function makeCache({ context, session }: Site, { content, mode, owner }: CacheWish, path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined)) !== undefined) return
  const identity = await hostIdentity(context)
  if (content === undefined && owner === undefined) return makeForMappedRoot(identity, [path], mode)
  const draft = `${cacheMountsDir(context)}/${DRAFT_PREFIX}${randomHex(6)}`
  const target = { context, identity, view: { kind: 'directory', path: draft }, directory: '/', owners: true, confined: true, top: true } as const
  try {
    await makeForMappedRoot(identity, [draft], mode)
    if (content?.layers !== undefined) {
      const { layers, path } = content
      await withLayerFiles({ context, session, layers }, (files) => copyFiles({ ...files, path, name: '', follow: true }, target))
    } else if (content?.files !== undefined) {
      const inside = resolveInside(content.files.root, content.path)
      if (inside === undefined) throw notInContext(content.path)
      await cp(`${content.files.root}/${inside}`, draft, { recursive: true, verbatimSymlinks: true })
    } else if (owner !== undefined) {
      const records = new ApplyRecords(unpackFiles(target))
      try {
        const mtime = { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 }
        records.entry({ type: 'directory', path: '', link: '', mode, ...owner, mtime, size: 0, major: 0, minor: 0 })
        records.end()
        await records.flush(true)
        await records.finish()
      } finally {
        await records.abandon()
      }
    }
    await rename(draft, path)
  } catch (error) {
    await removeTree({ context, identity, path: draft })
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
