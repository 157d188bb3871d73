import { bootId, textOf } from './boot-id.ts'
import { lstatSync, readdirSync, rmSync } from './fs.ts'
import { hostName } from './kernel.ts'
import { withLock } from './lock.ts'
import { mkdir, rename, writeFile } from './small-files.ts'

/**
 * The run root that all logins of this user on this machine share for a data root: the first one's since the machine was started, for as long as it is there
 * and safe. With one each (ssh with XDG_RUNTIME_DIR, cron without), neither would see the other's locks and live records, and both would start
 * the same container. Kept by boot id: a data root may be on NFS, and another machine has another run root (docs/adr/0051).
 */
export async function sharedRunRoot(data: string, own: string, uid: number): Promise<string> {
  const boot = bootId()
  const file = `${data}/run-roots/${boot}`
  const known = pathIn(file)
  if (known === own) return own
  if (isUsable(known, uid, boot)) return known
  await mkdir(`${data}/run-roots`, { recursive: true, mode: 0o700 })
  return withLock(`${data}/run-roots/.lock`, 'exclusive', async () => {
    const now = pathIn(file)
    if (now !== known && isUsable(now, uid, boot)) return now
    await writeFile(`${file}.tmp`, `${own}\n${machine()}\n`, { mode: 0o600 })
    await rename(`${file}.tmp`, file)
    forgetEarlier(`${data}/run-roots`, boot)
    return own
  })
}

/**
 * What earlier boots of this machine have left. The same machine is one with the same name and id: on a data root that many have, those of the others stay,
 * and stateless nodes of a cluster may all have one id.
 */
function forgetEarlier(folder: string, boot: string): void {
  for (const name of readdirSync(folder)) {
    if (name !== '.lock' && name !== boot && textOf(`${folder}/${name}`)?.split('\n')[1] === machine()) rmSync(`${folder}/${name}`, { force: true })
  }
}

const machine = () => `${hostName()} ${textOf('/etc/machine-id') ?? ''}`

const pathIn = (file: string) => textOf(file)?.split('\n')[0]

/** Still there, ours alone, and of this boot. */
function isUsable(path: string | undefined, uid: number, boot: string): path is string {
  if (!path?.startsWith('/')) return false
  try {
    const status = lstatSync(path)
    return status.isDirectory() && status.uid === uid && (status.mode & 0o777) === 0o700 && textOf(`${path}/boot_id`) === boot
  } catch {
    return false
  }
}
