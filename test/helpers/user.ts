import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'

/** Whom the tests run lichen as. */
export interface TestUser {
  name: string
  uid: number
  gid: number
  home: string
}

/** The caller; or, where that is root, an ordinary user: LICHEN_TEST_USER, else the one that hack/setup-host makes. */
export function testUser(): TestUser {
  const { uid, gid, username, homedir } = userInfo()
  if (uid !== 0) return { name: username, uid, gid, home: homedir }
  const name = process.env['LICHEN_TEST_USER'] ?? 'lichen-test'
  try {
    const [, , id = '', group = '', , home = ''] = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).split(':')
    return { name, uid: Number(id), gid: Number(group), home }
  } catch {
    throw new Error(`the tests run lichen as the user ${name}, who does not exist: hack/setup-host --tests makes it, LICHEN_TEST_USER names another`)
  }
}

/** The same command, run by that user. It stays the same process, so that signals reach the command. */
export function asUser(user: TestUser, argv: string[]): string[] {
  if (userInfo().uid === user.uid) return argv
  return ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--', ...argv]
}
