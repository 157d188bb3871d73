import { expect, test } from 'vitest'
import { explainUserns, type UsernsFacts } from '../../../lib/system/host.ts'

const fine: UsernsFacts = { max: 1000, cloneAllowed: undefined, apparmorRestricted: false }

test.each<[string, number, Partial<UsernsFacts>, boolean, RegExp]>([
  ['switched off by sysctl', 28, { max: 0 }, false, /user\.max_user_namespaces=28633/],
  ["Debian's switch", 1, { cloneAllowed: false }, false, /unprivileged_userns_clone=1/],
  ["Ubuntu's AppArmor rule", 13, { apparmorRestricted: true }, false, /apparmor_restrict_unprivileged_userns=0/],
  ['ENOSPC is a limit, not a disk', 28, {}, false, /user\.max_user_namespaces=28633/],
  ['a kernel without', 22, { max: undefined }, false, /CONFIG_USER_NS/],
  ['inside a container', 1, {}, false, /seccomp=unconfined/],
  ['out of processes', 11, {}, false, /ulimit -u/],
  ['root is not told about users', 1, { apparmorRestricted: true, cloneAllowed: false }, true, /seccomp=unconfined/],
])('%s', (_, errno, facts, root, hint) => expect(explainUserns(errno, { ...fine, ...facts }, root).hint).toMatch(hint))
