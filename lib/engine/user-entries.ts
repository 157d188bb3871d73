import type { ContainerRecord } from '../container/record.ts'
import type { RunPlan } from '../plan/plan.ts'
import { type Account, groupEntry, passwdEntry } from '../plan/user-entries.ts'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { readFile } from '../system/small-files.ts'

/**
 * Lines for the container's /etc/passwd and /etc/group: with keep-id the user's own, so that `whoami` knows him; those of `--hostuser`; and that of a
 * numeric `--user` where `--passwd-entry` gives one. `defaultUser`: who the user is inside with keep-id, "uid:gid", else "". Throws NO_HOST_USER.
 */
export async function userEntries({ options, image }: ContainerRecord, defaultUser: string): Promise<RunPlan['entries']> {
  if (options.passwd === false) return []
  const home = options.workdir ?? (image.config.WorkingDir || '/')
  const accounts: Account[] = []
  const hostUsers = options.hostUsers ?? []
  if (defaultUser !== '') accounts.push(await ownAccount(defaultUser, home))
  for (const name of hostUsers) accounts.push(await hostAccount(name))
  if (defaultUser === '' && (options.passwdEntry !== undefined || options.groupEntry !== undefined)) {
    const [uid = '', gid = '0'] = (options.user ?? '').split(':')
    if (/^\d+$/.test(uid) && /^\d+$/.test(gid)) accounts.push({ name: uid, uid, gid, group: gid, home })
  }
  return accounts.flatMap((account) => [
    { file: '/etc/passwd' as const, line: passwdEntry(account, options.passwdEntry) },
    { file: '/etc/group' as const, line: groupEntry(account, options.groupEntry) },
  ])
}

async function ownAccount(ids: string, home: string): Promise<Account> {
  const entry = addon.passwordEntry({ uid: process.geteuid?.() ?? 0 })
  const [uid = '0', gid = '0'] = ids.split(':')
  const name = entry?.name ?? uid
  return { name, uid, gid, group: (await groupName(process.getegid?.() ?? 0)) ?? name, home }
}

async function hostAccount(nameOrId: string): Promise<Account> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => [entry.split(':')[0], entry.split(':')[2]].includes(nameOrId))
  const own = addon.passwordEntry({ uid: process.geteuid?.() ?? 0 })
  const [name, , uid, gid, , home] = line?.split(':') ?? (own?.name === nameOrId ? [own.name, '', String(own.uid), String(own.gid), '', own.home] : [])
  if (name === undefined || uid === undefined || gid === undefined)
    throw new LichenError(`there is no user ${nameOrId} on the host`, { code: 'NO_HOST_USER', hint: '--hostuser takes a name or a uid of the host' })
  return { name, uid, gid, group: (await groupName(Number(gid))) ?? name, home: home ?? '/' }
}

/** Of /etc/group alone: a directory that is asked for each group may take seconds. */
async function groupName(gid: number): Promise<string | undefined> {
  const lines = (await readFile('/etc/group', 'utf8').catch(() => '')).split('\n')
  return lines.find((line) => line.split(':')[2] === String(gid))?.split(':')[0]
}
