import { bootId, textOf } from './boot-id.ts'
import { LichenError } from './errors.ts'
import { writeFileAtomic } from './files.ts'
import { lstatSync, mkdirSync, readdirSync, statSync } from './fs.ts'
import { withLock } from './lock.ts'
import { rm } from './small-files.ts'

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
  const top = topFolder(places)
  const path = sub === undefined ? top : `${top}/r-${sub}`
  if (sub !== undefined) makePrivate(path, places.uid)
  await forgetLastBoot(path)
  return path
}

function topFolder({ uid, system, runtimeDir, fallback }: RunPlaces): string {
  if (system !== undefined) {
    try {
      makePrivate(system, uid)
      return system
    } catch (error) {
      // Root of a user namespace in which /run is somebody else's.
      if (!['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  const path = runtimeDir !== undefined && isPrivate(runtimeDir, uid) ? `${runtimeDir}/lichen` : `${fallback}/lichen-${uid}`
  makePrivate(path, uid)
  return path
}

/** After su, sudo or in a batch job the variable may name another user's folder, or one that is gone. */
function isPrivate(path: string, uid: number): boolean {
  if (!path.startsWith('/')) return false
  try {
    const status = statSync(path)
    return status.isDirectory() && status.uid === uid && (status.mode & 0o777) === 0o700
  } catch {
    return false
  }
}

/** In /tmp anybody may have been there first: what is there must be a folder, ours and closed. */
function makePrivate(path: string, uid: number): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const status = lstatSync(path)
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
  const now = bootId()
  if (now === textOf(marker)) return
  await withLock(`${path}/boot.lock`, 'exclusive', async () => {
    const recorded = textOf(marker)
    if (recorded === now) return
    if (recorded !== undefined) {
      const stale = readdirSync(path).filter((name) => name !== 'boot.lock' && !name.startsWith('r-'))
      await Promise.all(stale.map((name) => rm(`${path}/${name}`, { recursive: true, force: true })))
    }
    await writeFileAtomic(marker, now)
  })
}
