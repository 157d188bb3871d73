import { lstat, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { LichenError } from './errors.ts'
import { writeFileAtomic } from './files.ts'
import { withLock } from './lock.ts'

export interface RunPlaces {
  uid: number
  /** Root's, /run/lichen; undefined for everybody else. */
  system: string | undefined
  /** $XDG_RUNTIME_DIR */
  runtimeDir: string | undefined
  /** Where a folder can be made in any case: /tmp. */
  fallback: string
}

/** What the environment says. */
export const runPlaces = (uid: number): RunPlaces => ({
  uid,
  system: uid === 0 ? '/run/lichen' : undefined,
  runtimeDir: process.env['XDG_RUNTIME_DIR'],
  fallback: '/tmp',
})

/**
 * The folder for what must not outlive the login or the machine: sockets, locks, live records. `sub` keeps
 * the data roots apart. Throws RUN_DIR_UNSAFE.
 */
export async function openRunRoot(places: RunPlaces, sub: string | undefined): Promise<string> {
  const top = await topFolder(places)
  const path = sub === undefined ? top : `${top}/r-${sub}`
  if (sub !== undefined) await makePrivate(path, places.uid)
  await forgetLastBoot(path)
  return path
}

async function topFolder({ uid, system, runtimeDir, fallback }: RunPlaces): Promise<string> {
  if (system !== undefined) {
    try {
      await makePrivate(system, uid)
      return system
    } catch (error) {
      // Root of a user namespace in which /run is somebody else's.
      if (!['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  const path = runtimeDir !== undefined && (await isPrivate(runtimeDir, uid)) ? `${runtimeDir}/lichen` : `${fallback}/lichen-${uid}`
  await makePrivate(path, uid)
  return path
}

/** After su, sudo or in a batch job the variable may name another user's folder, or one that is gone. */
async function isPrivate(path: string, uid: number): Promise<boolean> {
  if (!path.startsWith('/')) return false
  try {
    const status = await stat(path)
    return status.isDirectory() && status.uid === uid && (status.mode & 0o777) === 0o700
  } catch {
    return false
  }
}

/** In /tmp anybody may have been there first: what is there must be a folder, ours and closed. */
async function makePrivate(path: string, uid: number): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const status = await lstat(path)
  const wrong = !status.isDirectory()
    ? 'is not a folder'
    : status.uid !== uid
      ? `belongs to uid ${status.uid}`
      : (status.mode & 0o777) !== 0o700
        ? `has mode ${(status.mode & 0o777).toString(8)} in place of 700`
        : undefined
  if (wrong === undefined) return
  throw new LichenError(`the run folder ${path} is not safe to use: it ${wrong}`, {
    code: 'RUN_DIR_UNSAFE',
    hint: 'log in properly, so that XDG_RUNTIME_DIR is set, or have an administrator remove that path',
  })
}

/** Live records and locks of before a reboot say nothing any more: pids have been given out afresh. */
async function forgetLastBoot(path: string): Promise<void> {
  const marker = `${path}/boot_id`
  const [now, then] = await Promise.all([bootId(), read(marker)])
  if (now === then) return
  await withLock(`${path}/boot.lock`, 'exclusive', async () => {
    const recorded = await read(marker)
    if (recorded === now) return
    if (recorded !== undefined) {
      const stale = (await readdir(path)).filter((name) => name !== 'boot.lock' && !name.startsWith('r-'))
      await Promise.all(stale.map((name) => rm(`${path}/${name}`, { recursive: true, force: true })))
    }
    await writeFileAtomic(marker, now)
  })
}

const bootId = async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()

const read = (path: string) =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
