import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { warnOncePerBoot } from '../system/say-once.ts'
import { access, readFile } from '../system/small-files.ts'

export interface SessionFacts {
  uid: number
  /** /run/systemd/system is there. */
  systemd: boolean
  /** Text of /proc/self/cgroup. */
  membership: string
  /** The user's processes stay when the last session ends. */
  lingers: boolean
}

/** A container in the background is told of what awaits it, once: systemd ends what a user has when the last session does. */
export async function warnOfLogout(context: Context): Promise<void> {
  const uid = process.geteuid?.() ?? 0
  if (uid === 0) return
  const name = addon.passwordEntry({ uid })?.name ?? String(uid)
  const [systemd, lingers, membership] = await Promise.all([
    isThere('/run/systemd/system'),
    isThere(`/var/lib/systemd/linger/${name}`),
    readFile('/proc/self/cgroup', 'utf8').catch(() => ''),
  ])
  if (!endsAtLogout({ uid, systemd, membership, lingers })) return
  await warnOncePerBoot(context, 'logout', () => `the container ends when you log out; to keep it: loginctl enable-linger ${name}`)
}

/** Outside of the user's slice, in a batch job or a service, no logout touches it. */
export const endsAtLogout = ({ uid, systemd, membership, lingers }: SessionFacts) => systemd && !lingers && membership.includes(`/user-${uid}.slice/`)

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
