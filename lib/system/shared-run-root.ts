import { withLock } from './lock.ts'
import { lstat, mkdir, readFile, rename, writeFile } from './small-files.ts'

/**
 * The run root that all logins of this user on this machine share for a data root: the first one's since the machine was started, for as long as it is there
 * and safe. With one each (ssh with XDG_RUNTIME_DIR, cron without), neither would see the other's locks and live records, and both would start
 * the same container. Kept by boot id: a data root may be on NFS, and another machine has another run root (docs/adr/0051).
 */
export async function sharedRunRoot(data: string, own: string, uid: number): Promise<string> {
  const boot = await read('/proc/sys/kernel/random/boot_id')
  const file = `${data}/run-roots/${boot}`
  const known = await read(file)
  if (known === own || boot === '') return own
  if (await isUsable(known, uid, boot)) return known
  await mkdir(`${data}/run-roots`, { recursive: true, mode: 0o700 })
  return withLock(`${data}/run-roots/.lock`, 'exclusive', async () => {
    const now = await read(file)
    if (now !== known && (await isUsable(now, uid, boot))) return now
    await writeFile(`${file}.tmp`, own, { mode: 0o600 })
    await rename(`${file}.tmp`, file)
    return own
  })
}

/** Still there, ours alone, and of this boot. */
async function isUsable(path: string, uid: number, boot: string): Promise<boolean> {
  if (!path.startsWith('/')) return false
  try {
    const status = await lstat(path)
    return status.isDirectory() && status.uid === uid && (status.mode & 0o777) === 0o700 && (await read(`${path}/boot_id`)) === boot
  } catch {
    return false
  }
}

const read = (path: string) =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
