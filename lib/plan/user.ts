import { LichenError } from '../system/errors.ts'
import type { Identity, IdMapping } from './plan.ts'
import type { OciUser } from './spec.ts'

/** Docker's bound of ids. */
const MAX_ID = 2147483647

/**
 * The user of a process as `--user` and the image's USER name it: "", name, uid, each with or without ":group". Names
 * are looked up in the container, by the runtime. Throws BAD_USER for a number that is no id, or that the container has not.
 */
export function processUser(text: string, identity: Pick<Identity, 'uidMappings' | 'gidMappings'>): OciUser {
  const [user = '', group = '', ...rest] = text.split(':')
  if (rest.length > 0) throw new LichenError(`invalid user: ${JSON.stringify(text)}`, { code: 'BAD_USER', hint: 'name|uid[:group|gid]' })
  const uid = numericId(user)
  const gid = numericId(group)
  if (uid !== undefined) requireMapped(uid, identity.uidMappings, 'user')
  if (gid !== undefined) requireMapped(gid, identity.gidMappings, 'group')
  return { uid: uid ?? 0, gid: gid ?? 0, username: text }
}

/** Whether the process will surely be root; a name that only the container's /etc/passwd knows is none. */
export const isRootUser = ({ username, uid }: OciUser) => (username === undefined ? uid === 0 : ['', 'root', '0'].includes(username.split(':')[0] ?? ''))

function numericId(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined
  const id = Number(text)
  if (id >= 0 && id <= MAX_ID) return id
  throw new LichenError(`uids and gids must be in range 0-${MAX_ID}`, { code: 'BAD_USER', hint: `not ${text}` })
}

/** Throws BAD_USER, with the ids that there are. */
export function requireMapped(id: number, mappings: IdMapping[], kind: 'user' | 'group'): void {
  if (mappings.some(({ container, size }) => id >= container && id < container + size)) return
  throw new LichenError(`there is no ${kind} id ${id} in this container: it has ${ranges(mappings)}`, {
    code: 'BAD_USER',
    hint: `/etc/sub${kind === 'user' ? 'uid' : 'gid'} grants you no more: an administrator runs usermod --add-sub${kind === 'user' ? 'uids' : 'gids'} FIRST-LAST USER; or use --userns keep-id`,
  })
}

/** "0-65536", "0, 1000-1999". */
function ranges(mappings: IdMapping[]): string {
  const joined: { first: number; last: number }[] = []
  for (const { container, size } of [...mappings].sort((a, b) => a.container - b.container)) {
    const before = joined.at(-1)
    if (before !== undefined && before.last + 1 === container) before.last = container + size - 1
    else joined.push({ first: container, last: container + size - 1 })
  }
  return joined.map(({ first, last }) => (first === last ? `${first} only` : `${first}-${last}`)).join(', ')
}
